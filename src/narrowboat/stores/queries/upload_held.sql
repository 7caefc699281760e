-- Whether a run that is kept needs the file.
select holds.run_id
from narrowboat.upload_holds as holds
join narrowboat.runs as runs on runs.id = holds.run_id
where holds.upload_id = :upload
limit 1
