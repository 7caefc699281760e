-- One run, so that its state stays while parts of it are claimed; claimers do not wait for each other.
select *, :now as now from narrowboat.runs where id = :run for share
