-- What belongs to a run that is forgotten, or begins at zero.
delete from narrowboat.keys where run_id = :run
