-- The lease ends.
update narrowboat.runs set worker = null, lease_until = null, version = version + 1 where id = :run
