-- A secret is made once, by whoever needs it first.
insert into narrowboat.secrets (name, value) values (:name, :value) on conflict (name) do nothing
