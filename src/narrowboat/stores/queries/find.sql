-- A page of runs, newest first. A condition whose parameter is missing is left out.
select *, :now as now
from narrowboat.runs
where true
  and owner = :owner
  and job = :job
  and state = any(:states)
  and (created_at, id) < (:before_created, :before_id)
order by created_at desc, id desc
limit :limit
