-- Somebody is to be told when the run ends; at once if it has ended so already. Asked for twice, it is one notice.
insert into narrowboat.notices (id, run_id, channel, recipient, ends, state, ending, due_at, next_at)
select :id, :run, :channel, :recipient, cast(:ends as text),
    case when told.now = 1 then 'waiting' else 'asked' end, told.now, :now, :now
from (
    select case
        when finished_at is not null and replace(cast(:ends as text), state, '') <> cast(:ends as text) then 1 else 0
    end as now
    from narrowboat.runs where id = :run
) as told
where true
on conflict (run_id, channel, recipient) do nothing
