-- The owner was served now. `grain` keeps many workers of one run from writing this row all the time.
insert into narrowboat.owners as owners (owner, served_at) values (:owner, :now)
on conflict (owner) do update set served_at = excluded.served_at
where owners.served_at < excluded.served_at - :grain
