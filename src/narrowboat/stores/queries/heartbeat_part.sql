-- Renew the lease of a part, if its fence still holds.
update narrowboat.parts
set lease_until = :now + :seconds
where run_id = :run and seq = :seq and fence = :fence and worker = :worker and state = 'leased'
returning
    (select state from narrowboat.runs where id = :run) as state,
    (select case when deadline_at < :now then 1 else 0 end from narrowboat.runs where id = :run) as late
