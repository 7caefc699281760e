-- The first claim, or the first after a resume, starts the clock.
update narrowboat.runs
set started_at = coalesce(started_at, :now),
    deadline_at = coalesce(deadline_at, :now + time_limit),
    error_code = null,
    error = null
where id = :run
