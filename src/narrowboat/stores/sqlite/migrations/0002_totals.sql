-- How many runs of each job ever ended how, and what they did.
create table narrowboat_totals (
    job text not null,
    state text not null,
    runs integer not null,
    row_count integer not null,
    byte_count integer not null,
    seconds real not null,
    primary key (job, state)
) without rowid;
