-- The run has ended: the workers that still hold parts of it are fenced out.
update narrowboat.parts
set state = 'open', worker = null, lease_until = null, fence = fence + 1, barren = 0
where run_id = :run and state = 'leased'
