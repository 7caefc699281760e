-- What is known of an upload.
select * from narrowboat.uploads where upload_id = :upload
