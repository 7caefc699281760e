-- Who is to be told when a run ends. state is asked, waiting, sent or given_up.
create table narrowboat_notices (
    id text primary key,
    run_id text not null,
    channel text not null,
    recipient text not null,
    ends text not null,
    state text not null,
    ending integer not null default 0,
    tries integer not null default 0,
    due_at real not null,
    next_at real not null,
    error text,
    unique (run_id, channel, recipient)
) without rowid;
create index narrowboat_notices_waiting on narrowboat_notices (channel, next_at) where state = 'waiting';

-- How many notices of each channel were ever sent or given up.
create table narrowboat_notice_totals (
    channel text not null,
    state text not null,
    notices integer not null,
    primary key (channel, state)
) without rowid;
