-- One run, so that nobody else changes it before this transaction ends.
select *, :now as now from narrowboat.runs where id = :run for update
