-- The same, and it neither goes nor is held by others before the transaction ends.
select * from narrowboat.uploads where upload_id = :upload for update
