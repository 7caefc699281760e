-- A worker that gives the run back is no worker that died on it.
update narrowboat.runs set barren = 0 where id = :run
