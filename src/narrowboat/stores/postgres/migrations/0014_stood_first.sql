-- Of what it stood still, the seconds before its first rows were committed; from when it could begin.
alter table narrowboat.runs add column stood_first double precision not null default 0;
