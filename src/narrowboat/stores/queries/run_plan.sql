-- More parts of a fanned-out run, with the planner's place; the lease is renewed.
update narrowboat.runs
set cursor = :cursor,
    parts = parts + :parts,
    planned = :planned,
    version = version + 1,
    barren = 0,
    tries = 0,
    lease_until = :now + :seconds
where id = :run and fence = :fence and worker = :worker and state in ('running', 'pausing', 'cancelling')
returning state, parts, case when deadline_at < :now then 1 else 0 end as late
