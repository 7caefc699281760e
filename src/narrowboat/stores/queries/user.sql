-- A user.
select * from narrowboat.users where user_id = :user
