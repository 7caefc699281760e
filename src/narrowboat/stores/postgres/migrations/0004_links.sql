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
