-- What an admin may change of a user.
update narrowboat.users
set role = :role, email = :email, attributes = :attributes, grants = :grants, disabled = :disabled
where user_id = :user
