-- One chunk: cursor, counters and output position together, if the fence still holds; the lease is renewed.
update narrowboat.runs
set cursor = :cursor,
    seq = seq + 1,
    version = version + 1,
    barren = 0,
    tries = 0,
    rows_done = rows_done + :rows,
    rows_created = rows_created + :created,
    rows_updated = rows_updated + :updated,
    rows_skipped = rows_skipped + :skipped,
    rows_rejected = rows_rejected + :rejected,
    cells_altered = cells_altered + :altered,
    bytes_written = bytes_written + :bytes,
    extents_end = extents_end + :length,
    total = coalesce(cast(:total as bigint), total),
    total_estimated = case when cast(:total as bigint) is null then total_estimated else :estimated end,
    done = :last,
    first_rows_at = coalesce(first_rows_at, case when cast(:rows as bigint) > 0 then :now end),
    memory = case when cast(:memory as bigint) > memory then :memory else memory end,
    lease_until = :now + :seconds
where id = :run and fence = :fence and worker = :worker and state in ('running', 'pausing', 'cancelling')
returning id, state, fan_out, seq, rows_done, extents_end, case when deadline_at < :now then 1 else 0 end as late
