-- Seconds since it was started in which it stood still: paused, or ended before it was resumed.
alter table narrowboat_runs add column stood real not null default 0;
