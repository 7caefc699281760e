-- Rows that were refused, of those that runs dealt with.
alter table narrowboat_totals add column rejected_count integer not null default 0;
