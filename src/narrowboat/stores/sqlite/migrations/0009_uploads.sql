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
