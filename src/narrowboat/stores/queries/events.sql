-- The history of a run.
select id, at, state_before, state_after, reason, asked_by from narrowboat.events where run_id = :run order by id
