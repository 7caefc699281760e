-- Revoked: refused from now on.
delete from narrowboat.tokens where token_id = :token
