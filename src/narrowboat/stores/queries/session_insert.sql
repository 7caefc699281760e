-- Somebody signed in, unless they were shut out since their password was checked.
insert into narrowboat.sessions (digest, user_id, seen_at, expires_at)
select :digest, user_id, :now, :expires
from narrowboat.users
where user_id = :user and password = :kept and disabled = 0
for share
