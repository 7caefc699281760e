-- One more attempt; after a long pause the first again.
insert into narrowboat.attempts as counted (name, attempts, last_at) values (:name, 1, :now)
on conflict (name) do update
set attempts = case when counted.last_at <= :now - :forget then 1 else counted.attempts + 1 end,
    last_at = excluded.last_at
