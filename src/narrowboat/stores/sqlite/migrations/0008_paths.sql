-- How many requests for a job took the old path and the new one of its rollout.
create table narrowboat_paths (
    job text not null,
    path text not null,
    requests integer not null,
    failures integer not null,
    seconds real not null,
    primary key (job, path)
) without rowid;
