-- One more run of this job ended so. Kept when the run itself is purged.
insert into narrowboat.totals as totals (job, state, runs, row_count, byte_count, seconds)
values (:job, :state, 1, :rows, :bytes, :seconds)
on conflict (job, state) do update
set runs = totals.runs + 1,
    row_count = totals.row_count + excluded.row_count,
    byte_count = totals.byte_count + excluded.byte_count,
    seconds = totals.seconds + excluded.seconds
