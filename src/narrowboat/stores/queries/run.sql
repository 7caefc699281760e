-- One run as it stands, without a lock: what people ask.
select *, :now as now from narrowboat.runs where id = :run
