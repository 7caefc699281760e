-- Users of a server that stands alone. attributes and grants are JSON; password is an argon2id hash.
create table narrowboat.users (
    user_id text primary key,
    role text not null,
    email text,
    attributes text not null,
    grants text,
    password text,
    disabled bigint not null default 0,
    created_at double precision not null
);

-- Who is signed in. digest: SHA-256 of what the browser holds.
create table narrowboat.sessions (
    digest text primary key,
    user_id text not null,
    seen_at double precision not null,
    expires_at double precision not null
);
create index sessions_user on narrowboat.sessions (user_id);
create index sessions_expires on narrowboat.sessions (expires_at);
create index sessions_seen on narrowboat.sessions (seen_at);

-- Tokens of programs. digest: SHA-256 of the secret part; scopes and jobs are JSON.
create table narrowboat.tokens (
    token_id text primary key,
    user_id text not null,
    label text not null,
    digest text not null,
    scopes text not null,
    jobs text,
    token_created_at double precision not null,
    expires_at double precision not null,
    used_at double precision
);
create index tokens_user on narrowboat.tokens (user_id);

-- Attempts to sign in, by digests of names and addresses.
create table narrowboat.attempts (
    name text primary key,
    attempts bigint not null,
    last_at double precision not null
);
create index attempts_last on narrowboat.attempts (last_at);
