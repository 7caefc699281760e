-- A session and whose it is.
select users.*, sessions.seen_at, sessions.expires_at
from narrowboat.sessions as sessions
join narrowboat.users as users on users.user_id = sessions.user_id
where sessions.digest = :digest
