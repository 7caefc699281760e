-- What became of a try, unless somebody else claimed the notice meanwhile or its run was resumed.
update narrowboat.notices
set state = :state, next_at = :now + :seconds, error = :error
where id = :id and ending = :ending and tries = :tries and state = 'waiting'
