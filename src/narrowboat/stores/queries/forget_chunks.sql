-- What belongs to a run that is forgotten, or begins at zero.
delete from narrowboat.chunks where run_id = :run
