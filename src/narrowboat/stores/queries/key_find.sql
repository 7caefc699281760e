-- The run that this owner's key stands for.
select run_id, fingerprint from narrowboat.keys where owner = :owner and idempotency_key = :key
