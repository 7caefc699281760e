-- Whether a part is left to do.
select 1 as n from narrowboat.parts where run_id = :run and state = 'open'
union all
select 1 as n from narrowboat.parts where run_id = :run and state = 'leased'
limit 1
