-- A part that waits for a worker.
insert into narrowboat.parts (run_id, seq, payload) values (:run, :seq, :payload)
