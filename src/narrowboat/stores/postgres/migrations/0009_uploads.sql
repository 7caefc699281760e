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
