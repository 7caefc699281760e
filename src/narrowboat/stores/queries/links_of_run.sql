-- All links to the file of a run, newest first.
select * from narrowboat.links where run_id = :run order by created_at desc, id
