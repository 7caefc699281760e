-- How many requests for a job took the old path and the new one of its rollout.
create table narrowboat.paths (
    job text not null,
    path text not null,
    requests bigint not null,
    failures bigint not null,
    seconds double precision not null,
    primary key (job, path)
);
