-- How many rejects of this run are kept, and how many characters of their data.
select count(*) as n, coalesce(sum(length(data)), 0) as size from narrowboat.rejects where run_id = :run
