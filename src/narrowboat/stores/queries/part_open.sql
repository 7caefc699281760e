-- A part is given back undone.
update narrowboat.parts
set state = 'open', worker = null, lease_until = null, barren = 0, tries = tries + :tries, not_before = :now + :seconds
where run_id = :run and seq = :seq
