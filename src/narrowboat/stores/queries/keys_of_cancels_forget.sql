-- Who asked for the run again, or resumed it, may cancel it again.
delete from narrowboat.keys where run_id = :run and fingerprint = :fingerprint
