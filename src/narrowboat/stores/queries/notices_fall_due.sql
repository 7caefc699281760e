-- The run has ended. `ends` holds the names of states, none of which is a part of another.
update narrowboat.notices
set state = 'waiting', ending = ending + 1, tries = 0, due_at = :now, next_at = :now, error = null
where run_id = :run and replace(ends, :after, '') <> ends
