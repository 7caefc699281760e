-- Why the run does not go on.
update narrowboat.runs set error_code = :code, error = :message where id = :run
