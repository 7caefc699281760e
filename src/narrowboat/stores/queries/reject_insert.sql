-- A refused row.
insert into narrowboat.rejects (run_id, row_number, column_name, code, message, data)
values (:run, :row, :column, :code, :message, :data)
