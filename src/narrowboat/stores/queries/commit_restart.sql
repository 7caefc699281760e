-- Start from zero: what was committed before counts no more.
update narrowboat.runs
set seq = 0,
    rows_done = 0,
    rows_created = 0,
    rows_updated = 0,
    rows_skipped = 0,
    rows_rejected = 0,
    cells_altered = 0,
    bytes_written = 0,
    extents_end = 0,
    generation = generation + 1
where id = :run and fence = :fence and worker = :worker and state in ('running', 'pausing', 'cancelling')
