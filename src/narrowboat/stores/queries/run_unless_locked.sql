-- One run for the reconciler: whoever holds the row is alive, so it is left alone.
select *, :now as now from narrowboat.runs where id = :run for update skip locked
