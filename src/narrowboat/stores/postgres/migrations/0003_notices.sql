-- Who is to be told when a run ends. state is asked, waiting, sent or given_up.
create table narrowboat.notices (
    id text primary key,
    run_id text not null,
    channel text not null,
    recipient text not null,
    ends text not null,
    state text not null,
    ending bigint not null default 0,
    tries bigint not null default 0,
    due_at double precision not null,
    next_at double precision not null,
    error text,
    unique (run_id, channel, recipient)
);
create index notices_waiting on narrowboat.notices (channel, next_at) where state = 'waiting';

-- How many notices of each channel were ever sent or given up.
create table narrowboat.notice_totals (
    channel text not null,
    state text not null,
    notices bigint not null,
    primary key (channel, state)
);
