-- A new fence: whoever held the run before can commit no more.
update narrowboat.runs
set fence = fence + 1,
    worker = :worker,
    lease_until = :now + :seconds,
    barren = barren + 1,
    version = version + 1
where id = :run
returning *
