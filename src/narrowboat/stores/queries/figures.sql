-- Each queue that has runs: how many are ready, how many are worked on, and how long the oldest has been ready.
select queue,
    cast(sum(case when state in ('queued', 'interrupted') and not_before <= :now then 1 else 0 end) as bigint) as waiting,
    cast(sum(case when state in ('running', 'pausing', 'cancelling', 'publishing') then 1 else 0 end) as bigint) as working,
    coalesce(max(case
        when state in ('queued', 'interrupted') and not_before <= :now
        then :now - case when since > not_before then since else not_before end
    end), 0) as oldest_age
from narrowboat.runs
where finished_at is null
group by queue
order by queue
