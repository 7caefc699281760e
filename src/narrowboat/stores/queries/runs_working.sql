-- How many runs of this owner are worked on now: what the limit per owner counts.
select count(*) as n from narrowboat.runs
where owner = :owner and finished_at is null and state in ('running', 'pausing', 'cancelling', 'publishing')
