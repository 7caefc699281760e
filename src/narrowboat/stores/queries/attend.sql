-- Somebody follows these runs now.
update narrowboat.runs set followed_at = :now
where id = any(:runs) and finished_at is null and unfollowed is not null
