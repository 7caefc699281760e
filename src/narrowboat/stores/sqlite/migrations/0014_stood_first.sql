-- Of what it stood still, the seconds before its first rows were committed; from when it could begin.
alter table narrowboat_runs add column stood_first real not null default 0;
