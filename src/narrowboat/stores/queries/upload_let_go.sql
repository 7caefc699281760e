-- The runs that needed the file are gone.
delete from narrowboat.upload_holds where upload_id = :upload
