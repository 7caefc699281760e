-- A part is done, if its fence still holds. The run's row is only read, so that many workers can commit at once.
update narrowboat.parts
set state = 'done',
    barren = 0,
    tries = 0,
    rows_done = :rows,
    rows_created = :created,
    rows_updated = :updated,
    rows_skipped = :skipped,
    rows_rejected = :rejected,
    cells_altered = :altered,
    bytes_written = :bytes,
    file = :file,
    file_offset = :offset,
    length = :length,
    crc = :crc,
    lease_until = null
where run_id = :run and seq = :seq and fence = :fence and worker = :worker and state = 'leased'
returning
    (select state from narrowboat.runs where id = :run) as state,
    (select case when deadline_at < :now then 1 else 0 end from narrowboat.runs where id = :run) as late
