-- How many runs of this owner have not ended, of this job or of all jobs of its kind: what the limit counts.
select count(*) as n from narrowboat.runs where owner = :owner and kind = :kind and finished_at is null and (job = :job or :limit_kind = 1)
