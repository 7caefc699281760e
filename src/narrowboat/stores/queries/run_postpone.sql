-- A passing fault: one try more, later.
update narrowboat.runs set tries = tries + 1, not_before = :now + :seconds where id = :run
