-- How many runs of this owner and job have not ended: what the limit counts.
select count(*) as n from narrowboat.runs where owner = :owner and job = :job and finished_at is null
