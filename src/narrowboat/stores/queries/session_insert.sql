-- Somebody signed in.
insert into narrowboat.sessions (digest, user_id, seen_at, expires_at) values (:digest, :user, :now, :expires)
