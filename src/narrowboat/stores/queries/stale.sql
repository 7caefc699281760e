-- Runs for the reconciler: a lease that expired or whose worker is dead, a deadline that passed while nobody works,
-- a pause or cancel that only waits for the last part.
select id from narrowboat.runs
where finished_at is null
  and (
      worker is not null and (lease_until < :now or worker = any(:dead))
      or deadline_at < :now and done = 0 and worker is null and (state in ('queued', 'interrupted') or planned = 1)
      or planned = 1 and state in ('pausing', 'cancelling')
  )
union
select distinct run_id from narrowboat.parts
where state = 'leased' and (lease_until < :now or worker = any(:dead))
