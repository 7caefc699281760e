-- The audit log by action, and tokens that are over.
create index audit_action on narrowboat.audit (action, at, id);
create index tokens_expires on narrowboat.tokens (expires_at);
