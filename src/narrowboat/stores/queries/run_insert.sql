-- A new run in the queue.
insert into narrowboat.runs (
    id, job, kind, state, owner, params, queue, priority, fan_out, block_rows,
    created_at, not_before, since, time_limit, run_limit, identity, parent, relation,
    limit_kind, unfollowed, followed_at
) values (
    :run, :job, :kind, 'queued', :owner, :params, :queue, :priority, :fan_out, :block_rows,
    :now, :not_before, :now, :time_limit, :run_limit, :identity, :parent, :relation,
    :limit_kind, :unfollowed, :now
)
