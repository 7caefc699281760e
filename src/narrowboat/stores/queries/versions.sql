-- The version of each run: its own changes and its parts done.
select id, version + (
    case when fan_out = 1
    then (select count(*) from narrowboat.parts where run_id = runs.id and state = 'done')
    else 0 end
) as version
from narrowboat.runs as runs
where id = any(:runs)
