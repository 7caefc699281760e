-- The links to the file of a run.
delete from narrowboat.links where run_id = :run
