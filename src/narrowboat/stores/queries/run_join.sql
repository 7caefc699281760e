-- One more holder; cancelling lets go of one at a time.
update narrowboat.runs set holders = holders + 1, version = version + 1 where id = :run
