-- One more run of this job ended so. Kept when the run itself is purged.
insert into narrowboat.totals as totals
    (job, state, runs, row_count, byte_count, seconds, begun, first_rows_seconds, memory, rejected_count)
values (:job, :state, 1, :rows, :bytes, :seconds, :begun, :first_rows_seconds, :memory, :rejected)
on conflict (job, state) do update
set runs = totals.runs + 1,
    row_count = totals.row_count + excluded.row_count,
    byte_count = totals.byte_count + excluded.byte_count,
    seconds = totals.seconds + excluded.seconds,
    begun = totals.begun + excluded.begun,
    first_rows_seconds = totals.first_rows_seconds + excluded.first_rows_seconds,
    memory = totals.memory + excluded.memory,
    rejected_count = totals.rejected_count + excluded.rejected_count
