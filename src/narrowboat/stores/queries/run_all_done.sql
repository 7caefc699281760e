-- Every chunk or part is done: what is left is to publish.
update narrowboat.runs set done = 1, cursor = :cursor where id = :run
