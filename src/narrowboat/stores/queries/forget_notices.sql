-- What belongs to a run that is forgotten.
delete from narrowboat.notices where run_id = :run
