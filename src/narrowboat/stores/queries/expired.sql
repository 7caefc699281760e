-- Ended runs older than the retention.
select id from narrowboat.runs where finished_at < :before order by finished_at limit :limit
