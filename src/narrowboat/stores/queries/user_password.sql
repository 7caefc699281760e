-- What is kept of a new password.
update narrowboat.users set password = :password where user_id = :user
