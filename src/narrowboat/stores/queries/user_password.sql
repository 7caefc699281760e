-- What is kept of a new password, unless there is another than `before` by now.
update narrowboat.users set password = :password
where user_id = :user and (cast(:before as text) is null or password = :before)
