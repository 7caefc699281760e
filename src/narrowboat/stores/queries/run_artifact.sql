-- The published file.
update narrowboat.runs set artifact = :artifact where id = :run
