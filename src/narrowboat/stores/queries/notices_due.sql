-- Channels that have something to send now.
select distinct channel from narrowboat.notices where state = 'waiting' and next_at <= :now
