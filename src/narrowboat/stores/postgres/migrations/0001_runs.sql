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
    artifact text
);
-- The indexes name no column that a chunk's commit writes.
create index runs_open on narrowboat.runs (queue) where finished_at is null;
create index runs_limited on narrowboat.runs (owner, job) where finished_at is null;
create index runs_identity on narrowboat.runs (owner, identity, created_at)
    where finished_at is null and identity is not null;
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
