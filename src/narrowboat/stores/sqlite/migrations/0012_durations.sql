-- Of the runs that ended so, those that took at most so many seconds.
alter table narrowboat_totals add column within_1 integer not null default 0;
alter table narrowboat_totals add column within_10 integer not null default 0;
alter table narrowboat_totals add column within_60 integer not null default 0;
alter table narrowboat_totals add column within_240 integer not null default 0;
alter table narrowboat_totals add column within_900 integer not null default 0;
