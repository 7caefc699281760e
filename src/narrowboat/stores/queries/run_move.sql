-- Change the state, if it still is what the caller saw.
update narrowboat.runs
set state = :after,
    stood = stood + case when :still = 1 and started_at is not null then :now - since else 0 end,
    stood_first = stood_first
        + case
            when :still = 0 or first_rows_at is not null or not_before >= :now then 0
            else :now - case when since > not_before then since else not_before end
        end,
    since = :now,
    finished_at = case when :ended = 1 then :now end,
    version = version + 1
where id = :run and state = :before
