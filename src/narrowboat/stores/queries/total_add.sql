-- One more run of this job ended so. Kept when the run itself is purged.
insert into narrowboat.totals as totals
    (job, state, runs, row_count, byte_count, seconds, begun, first_rows_seconds, memory, rejected_count,
    within_1, within_10, within_60, within_240, within_900)
values (:job, :state, 1, :rows, :bytes, :seconds, :begun, :first_rows_seconds, :memory, :rejected,
    :within_1, :within_10, :within_60, :within_240, :within_900)
on conflict (job, state) do update
set runs = totals.runs + 1,
    row_count = totals.row_count + excluded.row_count,
    byte_count = totals.byte_count + excluded.byte_count,
    seconds = totals.seconds + excluded.seconds,
    begun = totals.begun + excluded.begun,
    first_rows_seconds = totals.first_rows_seconds + excluded.first_rows_seconds,
    memory = totals.memory + excluded.memory,
    rejected_count = totals.rejected_count + excluded.rejected_count,
    within_1 = totals.within_1 + excluded.within_1,
    within_10 = totals.within_10 + excluded.within_10,
    within_60 = totals.within_60 + excluded.within_60,
    within_240 = totals.within_240 + excluded.within_240,
    within_900 = totals.within_900 + excluded.within_900
