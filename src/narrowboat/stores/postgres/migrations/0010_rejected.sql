-- Rows that were refused, of those that runs dealt with.
alter table narrowboat.totals add column rejected_count bigint not null default 0;
