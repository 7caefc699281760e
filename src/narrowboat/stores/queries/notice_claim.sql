-- The notice that waits longest. Nobody else gets it before `seconds` have passed, and the count of tries is its fence.
update narrowboat.notices
set tries = tries + 1, next_at = :now + :seconds
where id = (
    select id from narrowboat.notices
    where state = 'waiting' and channel = :channel and next_at <= :now
    order by next_at
    limit 1
    for update skip locked
)
returning *, :now as now
