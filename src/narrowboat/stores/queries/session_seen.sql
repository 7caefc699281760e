-- It was used.
update narrowboat.sessions set seen_at = :now where digest = :digest
