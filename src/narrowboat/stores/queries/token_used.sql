-- It was used.
update narrowboat.tokens set used_at = :now where token_id = :token
