-- What may be claimed now. An owner's load is what is worked on plus what stands before it in this list, so that
-- many runs of one owner never fill the list; equal loads go to the owner who was served longest ago.
with working as (
    select owner, count(*) as n from narrowboat.runs
    where finished_at is null and state in ('running', 'pausing', 'cancelling', 'publishing')
    group by owner
),
complete as (
    select id from narrowboat.runs as runs
    where finished_at is null and planned = 1
      and not exists (select 1 from narrowboat.parts as parts where parts.run_id = runs.id and parts.state = 'open')
      and not exists (select 1 from narrowboat.parts as parts where parts.run_id = runs.id and parts.state = 'leased')
),
ready as (
    select id from narrowboat.runs
    where finished_at is null and state in ('queued', 'interrupted')
    union
    select id from narrowboat.runs as runs
    where finished_at is null and state = 'running' and planned = 1
      and exists (
          select 1 from narrowboat.parts as parts
          where parts.run_id = runs.id and parts.state = 'open' and parts.not_before <= :now
      )
    union
    select id from narrowboat.runs as runs
    where finished_at is null and state = 'running' and planned = 1
      and exists (
          select 1 from narrowboat.parts as parts
          where parts.run_id = runs.id and parts.state = 'leased' and parts.lease_until < :now
      )
    union
    select id from narrowboat.runs
    where finished_at is null and state = 'running' and worker is null and id in (select id from complete)
)
select id
from (
    select runs.id, runs.priority, runs.created_at,
        coalesce(working.n, 0) + row_number() over (
            partition by runs.owner order by runs.priority desc, runs.created_at, runs.id
        ) as load,
        coalesce(owners.served_at, 0) as served_at
    from narrowboat.runs as runs
    left join working on working.owner = runs.owner
    left join narrowboat.owners as owners on owners.owner = runs.owner
    where runs.finished_at is null
      and runs.id in (select id from ready)
      and runs.queue = any(:queues)
      and runs.not_before <= :now
      and (
          runs.deadline_at is null
          or runs.deadline_at > :now
          or runs.done = 1
          or runs.id in (select id from complete)
      )
) as fair
order by priority desc, load, served_at, created_at, id
limit :limit
