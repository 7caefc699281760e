-- A new link.
insert into narrowboat.links (id, run_id, created_at, created_by, expires_at)
values (:link, :run, :now, :by, :expires)
