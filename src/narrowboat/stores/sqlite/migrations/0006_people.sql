-- Users of a server that stands alone. attributes and grants are JSON; password is an argon2id hash.
create table narrowboat_users (
    user_id text primary key,
    role text not null,
    email text,
    attributes text not null,
    grants text,
    password text,
    disabled integer not null default 0,
    created_at real not null
) without rowid;

-- Who is signed in. digest: SHA-256 of what the browser holds.
create table narrowboat_sessions (
    digest text primary key,
    user_id text not null,
    seen_at real not null,
    expires_at real not null
) without rowid;
create index narrowboat_sessions_user on narrowboat_sessions (user_id);
create index narrowboat_sessions_expires on narrowboat_sessions (expires_at);
create index narrowboat_sessions_seen on narrowboat_sessions (seen_at);

-- Tokens of programs. digest: SHA-256 of the secret part; scopes and jobs are JSON.
create table narrowboat_tokens (
    token_id text primary key,
    user_id text not null,
    label text not null,
    digest text not null,
    scopes text not null,
    jobs text,
    token_created_at real not null,
    expires_at real not null,
    used_at real
) without rowid;
create index narrowboat_tokens_user on narrowboat_tokens (user_id);

-- Attempts to sign in, by digests of names and addresses.
create table narrowboat_attempts (
    name text primary key,
    attempts integer not null,
    last_at real not null
) without rowid;
create index narrowboat_attempts_last on narrowboat_attempts (last_at);
