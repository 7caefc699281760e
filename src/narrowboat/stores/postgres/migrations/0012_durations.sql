-- Of the runs that ended so, those that took at most so many seconds.
alter table narrowboat.totals add column within_1 bigint not null default 0;
alter table narrowboat.totals add column within_10 bigint not null default 0;
alter table narrowboat.totals add column within_60 bigint not null default 0;
alter table narrowboat.totals add column within_240 bigint not null default 0;
alter table narrowboat.totals add column within_900 bigint not null default 0;
