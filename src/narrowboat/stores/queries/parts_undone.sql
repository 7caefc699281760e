-- How many parts are left to do.
select count(*) as n from narrowboat.parts where run_id = :run and state <> 'done'
