-- The run goes on: what was not sent of its former ending is not true any more.
update narrowboat.notices set state = 'asked' where run_id = :run and state in ('waiting', 'given_up')
