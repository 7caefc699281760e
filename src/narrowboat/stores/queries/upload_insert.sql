-- A new upload, of which nothing is here yet.
insert into narrowboat.uploads (upload_id, owner, file_name, length, received, created_at, expires_at)
values (:upload, :owner, :name, :length, 0, :now, :now + cast(:keep as double precision))
