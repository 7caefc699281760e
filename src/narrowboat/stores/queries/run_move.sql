-- Change the state, if it still is what the caller saw.
update narrowboat.runs
set state = :after,
    since = :now,
    finished_at = case when :ended = 1 then :now end,
    version = version + 1
where id = :run and state = :before
