-- All tables as they were after the thirteenth migration; what was made before is at 13 already.

-- A run and all that its next chunk needs. Flags are 0 or 1, times are seconds since the epoch, JSON is text.
create table narrowboat_runs (
    id text primary key,
    job text not null,
    kind text not null,
    state text not null,
    owner text not null,
    params text not null,
    queue text not null,
    priority integer not null,
    fan_out integer not null,
    block_rows integer not null,
    created_at real not null,
    not_before real not null,
    since real not null,
    started_at real,
    finished_at real,
    time_limit real,
    deadline_at real,
    fence integer not null default 0,
    worker text,
    lease_until real,
    barren integer not null default 0,
    tries integer not null default 0,
    seq integer not null default 0,
    cursor text,
    done integer not null default 0,
    planned integer not null default 0,
    parts integer not null default 0,
    rows_done integer not null default 0,
    rows_created integer not null default 0,
    rows_updated integer not null default 0,
    rows_skipped integer not null default 0,
    rows_rejected integer not null default 0,
    cells_altered integer not null default 0,
    bytes_written integer not null default 0,
    extents_end integer not null default 0,
    total integer,
    total_estimated integer not null default 0,
    generation integer not null default 0,
    version integer not null default 0,
    holders integer not null default 1,
    run_limit integer,
    identity text,
    error_code text,
    error text,
    parent text,
    relation text,
    artifact text,
    -- How long it goes on while nobody follows it (null: to its end), and when somebody last did.
    unfollowed real,
    followed_at real,
    -- Whether its limit counts all runs of its kind, and not of its job alone.
    limit_kind integer not null default 0,
    -- When its first rows were committed, and the most memory a worker held while it worked on it.
    first_rows_at real,
    memory integer not null default 0,
    -- Seconds since it was started in which it stood still: paused, or ended before it was resumed.
    stood real not null default 0
);
-- The indexes name no column that a chunk's commit writes.
create index narrowboat_runs_open on narrowboat_runs (queue) where finished_at is null;
create index narrowboat_runs_limited on narrowboat_runs (owner, kind, job) where finished_at is null;
create index narrowboat_runs_identity on narrowboat_runs (owner, identity, created_at)
    where finished_at is null and identity is not null;
-- Runs that answer an identical request after they ended.
create index narrowboat_runs_answering on narrowboat_runs (owner, identity, created_at)
    where finished_at is not null and identity is not null;
create index narrowboat_runs_finished on narrowboat_runs (finished_at) where finished_at is not null;
create index narrowboat_runs_newest on narrowboat_runs (created_at, id);
create index narrowboat_runs_owned on narrowboat_runs (owner, created_at, id);
create index narrowboat_runs_state on narrowboat_runs (state, created_at, id);

-- Committed bytes of an artifact, in order.
create table narrowboat_chunks (
    run_id text not null,
    seq integer not null,
    row_from integer not null,
    row_count integer not null,
    start integer not null,
    file text not null,
    file_offset integer not null,
    length integer not null,
    crc integer not null,
    primary key (run_id, seq)
) without rowid;
-- For the page of rows around any row.
create index narrowboat_chunks_rows on narrowboat_chunks (run_id, row_from);

-- Pieces of a fanned-out run. state is open, leased or done; figures are filled when it is done.
create table narrowboat_parts (
    run_id text not null,
    seq integer not null,
    state text not null default 'open',
    payload text not null,
    fence integer not null default 0,
    worker text,
    lease_until real,
    not_before real not null default 0,
    barren integer not null default 0,
    tries integer not null default 0,
    rows_done integer not null default 0,
    rows_created integer not null default 0,
    rows_updated integer not null default 0,
    rows_skipped integer not null default 0,
    rows_rejected integer not null default 0,
    cells_altered integer not null default 0,
    bytes_written integer not null default 0,
    file text,
    file_offset integer,
    length integer,
    crc integer,
    primary key (run_id, seq)
);
-- One index a state: what is small stays small, and no statistics are needed to choose it.
create index narrowboat_parts_open on narrowboat_parts (run_id, seq) where state = 'open';
create index narrowboat_parts_leased on narrowboat_parts (run_id, seq) where state = 'leased';
create index narrowboat_parts_done on narrowboat_parts (run_id) where state = 'done';

-- Transitions that happened.
create table narrowboat_events (
    id integer primary key,
    run_id text not null,
    at real not null,
    state_before text,
    state_after text not null,
    reason text not null,
    asked_by text
);
create index narrowboat_events_run on narrowboat_events (run_id, id);

-- Refused rows and files, a bounded number a run.
create table narrowboat_rejects (
    id integer primary key,
    run_id text not null,
    row_number integer not null,
    column_name text,
    code text not null,
    message text not null,
    data text
);
create index narrowboat_rejects_run on narrowboat_rejects (run_id, row_number, id);

-- Idempotency keys. A run that was joined has several.
create table narrowboat_keys (
    owner text not null,
    idempotency_key text not null,
    run_id text not null,
    fingerprint text not null,
    primary key (owner, idempotency_key)
) without rowid;
create index narrowboat_keys_run on narrowboat_keys (run_id);

-- When an owner was last served, for the fair order.
create table narrowboat_owners (
    owner text primary key,
    served_at real not null
) without rowid;

-- How many runs of each job ever ended how, and what they did.
create table narrowboat_totals (
    job text not null,
    state text not null,
    runs integer not null,
    row_count integer not null,
    byte_count integer not null,
    seconds real not null,
    begun integer not null default 0,
    first_rows_seconds real not null default 0,
    memory real not null default 0,
    -- Rows that were refused, of those that runs dealt with.
    rejected_count integer not null default 0,
    -- Of the runs that ended so, those that took at most so many seconds.
    within_1 integer not null default 0,
    within_10 integer not null default 0,
    within_60 integer not null default 0,
    within_240 integer not null default 0,
    within_900 integer not null default 0,
    primary key (job, state)
) without rowid;

-- Who is to be told when a run ends. state is asked, waiting, sent or given_up.
create table narrowboat_notices (
    id text primary key,
    run_id text not null,
    channel text not null,
    recipient text not null,
    ends text not null,
    state text not null,
    ending integer not null default 0,
    tries integer not null default 0,
    due_at real not null,
    next_at real not null,
    error text,
    unique (run_id, channel, recipient)
) without rowid;
create index narrowboat_notices_waiting on narrowboat_notices (channel, next_at) where state = 'waiting';

-- How many notices of each channel were ever sent or given up.
create table narrowboat_notice_totals (
    channel text not null,
    state text not null,
    notices integer not null,
    primary key (channel, state)
) without rowid;

-- Secrets of this installation, such as the key that signs links.
create table narrowboat_secrets (
    name text primary key,
    value text not null
) without rowid;

-- Links by which anybody may download the file of a run.
create table narrowboat_links (
    id text primary key,
    run_id text not null,
    created_at real not null,
    created_by text not null,
    expires_at real not null,
    revoked_at real,
    revoked_by text
) without rowid;
create index narrowboat_links_run on narrowboat_links (run_id);

-- Who did what. detail is JSON.
create table narrowboat_audit (
    id integer primary key,
    at real not null,
    done_by text not null,
    action text not null,
    about text not null,
    detail text not null
);
create index narrowboat_audit_at on narrowboat_audit (at, id);
create index narrowboat_audit_by on narrowboat_audit (done_by, at, id);
create index narrowboat_audit_about on narrowboat_audit (about, at, id);
create index narrowboat_audit_action on narrowboat_audit (action, at, id);

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
create index narrowboat_tokens_expires on narrowboat_tokens (expires_at);

-- Attempts to sign in, by digests of names and addresses.
create table narrowboat_attempts (
    name text primary key,
    attempts integer not null,
    last_at real not null
) without rowid;
create index narrowboat_attempts_last on narrowboat_attempts (last_at);

-- How many requests for a job took the old path and the new one of its rollout.
create table narrowboat_paths (
    job text not null,
    path text not null,
    requests integer not null,
    failures integer not null,
    seconds real not null,
    primary key (job, path)
) without rowid;

-- Files that people send. received: bytes that are durably here; sha256: null until all of them are.
create table narrowboat_uploads (
    upload_id text primary key,
    owner text not null,
    file_name text not null,
    length integer not null,
    received integer not null,
    created_at real not null,
    expires_at real not null,
    sha256 text
) without rowid;
create index narrowboat_uploads_owner on narrowboat_uploads (owner, created_at);
create index narrowboat_uploads_expires on narrowboat_uploads (expires_at);

-- Which runs need which files.
create table narrowboat_upload_holds (
    upload_id text not null,
    run_id text not null,
    primary key (upload_id, run_id)
) without rowid;
