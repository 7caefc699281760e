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
    artifact text
);
-- The indexes name no column that a chunk's commit writes.
create index narrowboat_runs_open on narrowboat_runs (queue) where finished_at is null;
create index narrowboat_runs_limited on narrowboat_runs (owner, job) where finished_at is null;
create index narrowboat_runs_identity on narrowboat_runs (owner, identity, created_at)
    where finished_at is null and identity is not null;
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
