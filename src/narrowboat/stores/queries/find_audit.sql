-- A page of the audit log, newest first. A condition whose parameter is missing is left out.
select id, at, done_by, action, about, detail
from narrowboat.audit
where true
  and done_by = :by
  and action = :action
  and about = :about
  and (at, id) < (:before_at, :before_id)
order by at desc, id desc
limit :limit
