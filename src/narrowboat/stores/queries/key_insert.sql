-- Remember the key: the same request again gives the same run.
insert into narrowboat.keys (owner, idempotency_key, run_id, fingerprint) values (:owner, :key, :run, :fingerprint)
