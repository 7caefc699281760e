-- It was a right password: it does not count against the address.
update narrowboat.attempts set attempts = attempts - 1 where name = :name and attempts > 0
