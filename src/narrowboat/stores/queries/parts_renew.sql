-- The parts of a resumed run begin with their tries anew.
update narrowboat.parts set tries = 0, barren = 0, not_before = 0 where run_id = :run and state in ('open', 'leased')
