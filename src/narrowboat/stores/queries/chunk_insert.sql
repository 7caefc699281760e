-- Where the chunk's bytes lie.
insert into narrowboat.chunks (run_id, seq, row_from, row_count, start, file, file_offset, length, crc)
values (:run, :seq, :row_from, :row_count, :start, :file, :offset, :length, :crc)
