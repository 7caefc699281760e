-- The latest identical run that ended well.
select id from narrowboat.runs
where identity = :identity
  and owner = :owner
  and finished_at is not null
  and state in ('succeeded', 'partial')
order by created_at desc
limit 1
