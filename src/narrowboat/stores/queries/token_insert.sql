-- A new token.
insert into narrowboat.tokens (token_id, user_id, label, digest, scopes, jobs, token_created_at, expires_at)
values (:token, :user, :label, :digest, :scopes, :jobs, :now, :expires)
