-- Nobody can download by it from now on.
update narrowboat.links set revoked_at = :now, revoked_by = :by where id = :link and revoked_at is null
