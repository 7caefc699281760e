-- All tables as they were after the thirteenth migration; what was made before is at 13 already.

-- A run and all that its next chunk needs. Flags are 0 or 1, times are seconds since the epoch, JSON is text.
create table narrowboat.runs (
    id text primary key,
    job text not null,
    kind text not null,
    state text not null,
    owner text not null,
    params text not null,
    queue text not null,
    priority bigint not null,
    fan_out bigint not null,
    block_rows bigint not null,
    created_at double precision not null,
    not_before double precision not null,
    since double precision not null,
    started_at double precision,
    finished_at double precision,
    time_limit double precision,
    deadline_at double precision,
    fence bigint not null default 0,
    worker text,
    lease_until double precision,
    barren bigint not null default 0,
    tries bigint not null default 0,
    seq bigint not null default 0,
    cursor text,
    done bigint not null default 0,
    planned bigint not null default 0,
    parts bigint not null default 0,
    rows_done bigint not null default 0,
    rows_created bigint not null default 0,
    rows_updated bigint not null default 0,
    rows_skipped bigint not null default 0,
    rows_rejected bigint not null default 0,
    cells_altered bigint not null default 0,
    bytes_written bigint not null default 0,
    extents_end bigint not null default 0,
    total bigint,
    total_estimated bigint not null default 0,
    generation bigint not null default 0,
    version bigint not null default 0,
    holders bigint not null default 1,
    run_limit bigint,
    identity text,
    error_code text,
    error text,
    parent text,
    relation text,
    artifact text,
    -- How long it goes on while nobody follows it (null: to its end), and when somebody last did.
    unfollowed double precision,
    followed_at double precision,
    -- Whether its limit counts all runs of its kind, and not of its job alone.
    limit_kind bigint not null default 0,
    -- When its first rows were committed, and the most memory a worker held while it worked on it.
    first_rows_at double precision,
    memory bigint not null default 0,
    -- Seconds since it was started in which it stood still: paused, or ended before it was resumed.
    stood double precision not null default 0
);
-- The indexes name no column that a chunk's commit writes.
create index runs_open on narrowboat.runs (queue) where finished_at is null;
create index runs_limited on narrowboat.runs (owner, kind, job) where finished_at is null;
create index runs_identity on narrowboat.runs (owner, identity, created_at)
    where finished_at is null and identity is not null;
-- Runs that answer an identical request after they ended.
create index runs_answering on narrowboat.runs (owner, identity, created_at)
    where finished_at is not null and identity is not null;
create index runs_finished on narrowboat.runs (finished_at) where finished_at is not null;
create index runs_newest on narrowboat.runs (created_at, id);
create index runs_owned on narrowboat.runs (owner, created_at, id);
create index runs_state on narrowboat.runs (state, created_at, id);

-- Committed bytes of an artifact, in order.
create table narrowboat.chunks (
    run_id text not null,
    seq bigint not null,
    row_from bigint not null,
    row_count bigint not null,
    start bigint not null,
    file text not null,
    file_offset bigint not null,
    length bigint not null,
    crc bigint not null,
    primary key (run_id, seq)
);
-- For the page of rows around any row.
create index chunks_rows on narrowboat.chunks (run_id, row_from);

-- Pieces of a fanned-out run. state is open, leased or done; figures are filled when it is done.
create table narrowboat.parts (
    run_id text not null,
    seq bigint not null,
    state text not null default 'open',
    payload text not null,
    fence bigint not null default 0,
    worker text,
    lease_until double precision,
    not_before double precision not null default 0,
    barren bigint not null default 0,
    tries bigint not null default 0,
    rows_done bigint not null default 0,
    rows_created bigint not null default 0,
    rows_updated bigint not null default 0,
    rows_skipped bigint not null default 0,
    rows_rejected bigint not null default 0,
    cells_altered bigint not null default 0,
    bytes_written bigint not null default 0,
    file text,
    file_offset bigint,
    length bigint,
    crc bigint,
    primary key (run_id, seq)
);
-- One index a state: what is small stays small, and no statistics are needed to choose it.
create index parts_open on narrowboat.parts (run_id, seq) where state = 'open';
create index parts_leased on narrowboat.parts (run_id, seq) where state = 'leased';
create index parts_done on narrowboat.parts (run_id) where state = 'done';

-- Transitions that happened.
create table narrowboat.events (
    id bigint generated always as identity primary key,
    run_id text not null,
    at double precision not null,
    state_before text,
    state_after text not null,
    reason text not null,
    asked_by text
);
create index events_run on narrowboat.events (run_id, id);

-- Refused rows and files, a bounded number a run.
create table narrowboat.rejects (
    id bigint generated always as identity primary key,
    run_id text not null,
    row_number bigint not null,
    column_name text,
    code text not null,
    message text not null,
    data text
);
create index rejects_run on narrowboat.rejects (run_id, row_number, id);

-- Idempotency keys. A run that was joined has several.
create table narrowboat.keys (
    owner text not null,
    idempotency_key text not null,
    run_id text not null,
    fingerprint text not null,
    primary key (owner, idempotency_key)
);
create index keys_run on narrowboat.keys (run_id);

-- When an owner was last served, for the fair order.
create table narrowboat.owners (
    owner text primary key,
    served_at double precision not null
);

-- How many runs of each job ever ended how, and what they did.
create table narrowboat.totals (
    job text not null,
    state text not null,
    runs bigint not null,
    row_count bigint not null,
    byte_count bigint not null,
    seconds double precision not null,
    begun bigint not null default 0,
    first_rows_seconds double precision not null default 0,
    memory double precision not null default 0,
    -- Rows that were refused, of those that runs dealt with.
    rejected_count bigint not null default 0,
    -- Of the runs that ended so, those that took at most so many seconds.
    within_1 bigint not null default 0,
    within_10 bigint not null default 0,
    within_60 bigint not null default 0,
    within_240 bigint not null default 0,
    within_900 bigint not null default 0,
    primary key (job, state)
);

-- Who is to be told when a run ends. state is asked, waiting, sent or given_up.
create table narrowboat.notices (
    id text primary key,
    run_id text not null,
    channel text not null,
    recipient text not null,
    ends text not null,
    state text not null,
    ending bigint not null default 0,
    tries bigint not null default 0,
    due_at double precision not null,
    next_at double precision not null,
    error text,
    unique (run_id, channel, recipient)
);
create index notices_waiting on narrowboat.notices (channel, next_at) where state = 'waiting';

-- How many notices of each channel were ever sent or given up.
create table narrowboat.notice_totals (
    channel text not null,
    state text not null,
    notices bigint not null,
    primary key (channel, state)
);

-- Secrets of this installation, such as the key that signs links.
create table narrowboat.secrets (
    name text primary key,
    value text not null
);

-- Links by which anybody may download the file of a run.
create table narrowboat.links (
    id text primary key,
    run_id text not null,
    created_at double precision not null,
    created_by text not null,
    expires_at double precision not null,
    revoked_at double precision,
    revoked_by text
);
create index links_run on narrowboat.links (run_id);

-- Who did what. detail is JSON.
create table narrowboat.audit (
    id bigint generated always as identity primary key,
    at double precision not null,
    done_by text not null,
    action text not null,
    about text not null,
    detail text not null
);
create index audit_at on narrowboat.audit (at, id);
create index audit_by on narrowboat.audit (done_by, at, id);
create index audit_about on narrowboat.audit (about, at, id);
create index audit_action on narrowboat.audit (action, at, id);

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
create index tokens_expires on narrowboat.tokens (expires_at);

-- Attempts to sign in, by digests of names and addresses.
create table narrowboat.attempts (
    name text primary key,
    attempts bigint not null,
    last_at double precision not null
);
create index attempts_last on narrowboat.attempts (last_at);

-- How many requests for a job took the old path and the new one of its rollout.
create table narrowboat.paths (
    job text not null,
    path text not null,
    requests bigint not null,
    failures bigint not null,
    seconds double precision not null,
    primary key (job, path)
);

-- Files that people send. received: bytes that are durably here; sha256: null until all of them are.
create table narrowboat.uploads (
    upload_id text primary key,
    owner text not null,
    file_name text not null,
    length bigint not null,
    received bigint not null,
    created_at double precision not null,
    expires_at double precision not null,
    sha256 text
);
create index uploads_owner on narrowboat.uploads (owner, created_at);
create index uploads_expires on narrowboat.uploads (expires_at);

-- Which runs need which files.
create table narrowboat.upload_holds (
    upload_id text not null,
    run_id text not null,
    primary key (upload_id, run_id)
);
