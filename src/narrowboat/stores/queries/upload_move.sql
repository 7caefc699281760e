-- So much of an upload is on disk now, unless somebody else moved it.
update narrowboat.uploads
set received = :received, length = :length, sha256 = :sha256, expires_at = :now + cast(:keep as double precision)
where upload_id = :upload and received = :before and sha256 is null
