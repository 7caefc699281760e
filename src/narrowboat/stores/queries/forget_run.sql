-- The run itself.
delete from narrowboat.runs where id = :run
