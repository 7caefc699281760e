-- How many runs of each job ever ended how, and what they did.
create table narrowboat.totals (
    job text not null,
    state text not null,
    runs bigint not null,
    row_count bigint not null,
    byte_count bigint not null,
    seconds double precision not null,
    primary key (job, state)
);
