-- How long a run goes on while nobody follows it (null: to its end), and when somebody last did.
alter table narrowboat_runs add column unfollowed real;
alter table narrowboat_runs add column followed_at real;
-- Whether its limit counts all runs of its kind, and not of its job alone.
alter table narrowboat_runs add column limit_kind integer not null default 0;
drop index narrowboat_runs_limited;
create index narrowboat_runs_limited on narrowboat_runs (owner, kind, job) where finished_at is null;
-- When its first rows were committed, and the most memory a worker held while it worked on it.
alter table narrowboat_runs add column first_rows_at real;
alter table narrowboat_runs add column memory integer not null default 0;
alter table narrowboat_totals add column begun integer not null default 0;
alter table narrowboat_totals add column first_rows_seconds real not null default 0;
alter table narrowboat_totals add column memory real not null default 0;
-- For the page of rows around any row.
create index narrowboat_chunks_rows on narrowboat_chunks (run_id, row_from);
