-- An upload goes.
delete from narrowboat.uploads where upload_id = :upload
