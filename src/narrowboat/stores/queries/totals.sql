-- By job and state: all runs that ever ended so, and those under way now.
select job, state, runs, row_count as rows, byte_count as bytes, seconds
from narrowboat.totals
union all
select job, state,
    count(*) as runs,
    cast(sum(rows_done) as bigint) as rows,
    cast(sum(bytes_written) as bigint) as bytes,
    sum(case when started_at is null then 0.0 else :now - started_at end) as seconds
from narrowboat.runs
where finished_at is null
group by job, state
order by job, state
