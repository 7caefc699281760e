-- The notices of a run.
select *, :now as now from narrowboat.notices where run_id = :run order by channel, recipient
