-- Seconds since it was started in which it stood still: paused, or ended before it was resumed.
alter table narrowboat.runs add column stood double precision not null default 0;
