-- A new user, unless the name is taken.
insert into narrowboat.users (user_id, role, email, attributes, grants, password, created_at)
values (:user, :role, :email, :attributes, :grants, :password, :now)
on conflict (user_id) do nothing
