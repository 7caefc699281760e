-- Long ago.
delete from narrowboat.attempts where last_at <= :now - :forget
