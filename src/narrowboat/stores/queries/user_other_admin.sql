-- An admin beside this one.
select user_id from narrowboat.users where role = 'admin' and disabled = 0 and user_id <> :user limit 1
