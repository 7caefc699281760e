-- Parts whose workers died or slept past their leases are open again.
update narrowboat.parts
set state = 'open', worker = null, lease_until = null, fence = fence + 1
where run_id = :run and state = 'leased' and (lease_until < :now or worker = any(:dead))
returning seq, barren
