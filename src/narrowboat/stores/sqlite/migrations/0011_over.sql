-- The audit log by action, and tokens that are over.
create index narrowboat_audit_action on narrowboat_audit (action, at, id);
create index narrowboat_tokens_expires on narrowboat_tokens (expires_at);
