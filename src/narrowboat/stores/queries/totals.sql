-- By job and state: all runs that ever ended so, and those under way now.
select job, state, runs, row_count as rows, byte_count as bytes, seconds, begun, first_rows_seconds, memory,
    rejected_count as rejected, within_1, within_10, within_60, within_240, within_900, 0.0 as oldest
from narrowboat.totals
union all
select job, state,
    count(*) as runs,
    cast(sum(rows_done) as bigint) as rows,
    cast(sum(bytes_written) as bigint) as bytes,
    sum(case when started_at is null then 0.0 else :now - started_at - stood end) as seconds,
    count(first_rows_at) as begun,
    coalesce(sum(first_rows_at - case when created_at > not_before then created_at else not_before end - stood_first), 0.0)
        as first_rows_seconds,
    cast(sum(memory) as double precision) as memory,
    cast(sum(rows_rejected) as bigint) as rejected,
    0 as within_1, 0 as within_10, 0 as within_60, 0 as within_240, 0 as within_900,
    max(case when started_at is null or state = 'paused' then 0.0 else :now - started_at - stood end) as oldest
from narrowboat.runs
where finished_at is null
group by job, state
order by job, state
