-- Renew the lease, if the fence still holds.
update narrowboat.runs
set lease_until = :now + :seconds
where id = :run and fence = :fence and worker = :worker
  and state in ('running', 'pausing', 'cancelling', 'publishing')
returning state, case when deadline_at < :now then 1 else 0 end as late
