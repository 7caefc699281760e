-- Signed out everywhere.
delete from narrowboat.sessions where user_id = :user
