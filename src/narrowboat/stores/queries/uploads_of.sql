-- Somebody's uploads, newest first.
select * from narrowboat.uploads where owner = :owner order by created_at desc, upload_id
