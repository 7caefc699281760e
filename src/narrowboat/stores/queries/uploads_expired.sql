-- Uploads past their time that no kept run needs.
select uploads.upload_id
from narrowboat.uploads as uploads
where uploads.expires_at < :now
  and not exists (
      select 1
      from narrowboat.upload_holds as holds
      join narrowboat.runs as runs on runs.id = holds.run_id
      where holds.upload_id = uploads.upload_id
  )
order by uploads.expires_at
limit :limit
