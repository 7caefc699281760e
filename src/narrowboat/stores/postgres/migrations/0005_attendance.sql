-- How long a run goes on while nobody follows it (null: to its end), and when somebody last did.
alter table narrowboat.runs add column unfollowed double precision;
alter table narrowboat.runs add column followed_at double precision;
-- Whether its limit counts all runs of its kind, and not of its job alone.
alter table narrowboat.runs add column limit_kind bigint not null default 0;
drop index narrowboat.runs_limited;
create index runs_limited on narrowboat.runs (owner, kind, job) where finished_at is null;
-- When its first rows were committed, and the most memory a worker held while it worked on it.
alter table narrowboat.runs add column first_rows_at double precision;
alter table narrowboat.runs add column memory bigint not null default 0;
alter table narrowboat.totals add column begun bigint not null default 0;
alter table narrowboat.totals add column first_rows_seconds double precision not null default 0;
alter table narrowboat.totals add column memory double precision not null default 0;
-- For the page of rows around any row.
create index chunks_rows on narrowboat.chunks (run_id, row_from);
