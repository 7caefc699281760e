-- What will never be sent when this run is forgotten.
select channel, count(*) as notices from narrowboat.notices where run_id = :run and state = 'waiting' group by channel
