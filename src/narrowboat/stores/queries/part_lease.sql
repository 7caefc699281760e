-- The first part that is open, else the first whose worker slept past its lease, under a new fence.
update narrowboat.parts
set state = 'leased',
    fence = fence + 1,
    worker = :worker,
    lease_until = :now + :seconds,
    barren = barren + 1
where run_id = :run and seq = coalesce(
    (
        select seq from narrowboat.parts
        where run_id = :run and state = 'open' and not_before <= :now
        order by seq
        limit 1
        for update skip locked
    ),
    (
        select seq from narrowboat.parts
        where run_id = :run and state = 'leased' and lease_until < :now
        order by seq
        limit 1
        for update skip locked
    )
)
returning seq, payload, fence
