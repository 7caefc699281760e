-- All users, by name.
select * from narrowboat.users order by user_id
