-- Runs that nobody has followed for longer than they go on so, and for no longer than somebody has been looking.
select id from narrowboat.runs
where finished_at is null
  and state in ('queued', 'running', 'interrupted')
  and unfollowed <= :watched
  and followed_at + unfollowed <= :now
