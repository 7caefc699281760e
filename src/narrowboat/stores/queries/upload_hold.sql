-- A run needs the file.
insert into narrowboat.upload_holds (upload_id, run_id) values (:upload, :run) on conflict do nothing
