-- How many rejects of this run are kept.
select count(*) as n from narrowboat.rejects where run_id = :run
