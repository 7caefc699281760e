-- One holder less.
update narrowboat.runs set holders = holders - 1, version = version + 1 where id = :run
