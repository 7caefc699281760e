-- Change the state, if it still is what the caller saw.
update narrowboat.runs
set state = :after,
    stood = stood + case when :still = 1 and started_at is not null then :now - since else 0 end,
    since = :now,
    finished_at = case when :ended = 1 then :now end,
    version = version + 1
where id = :run and state = :before
