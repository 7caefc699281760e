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
