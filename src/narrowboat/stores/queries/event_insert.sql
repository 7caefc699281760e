-- A transition that happened.
insert into narrowboat.events (run_id, at, state_before, state_after, reason, asked_by)
values (:run, :now, :before, :after, :reason, :by)
