-- An identical run under way, fresh enough to share. One that waits for a later time is not shared with a request for now.
select id from narrowboat.runs
where identity = :identity
  and owner = :owner
  and finished_at is null
  and state in ('queued', 'running', 'interrupted', 'publishing')
  and cast(:not_before as double precision) <= :now
  and (started_at >= :now - :within or started_at is null and not_before <= :now)
order by created_at desc
limit 1
for update
