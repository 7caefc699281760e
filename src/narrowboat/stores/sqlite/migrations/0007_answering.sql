-- Runs that answer an identical request after they ended.
create index narrowboat_runs_answering on narrowboat_runs (owner, identity, created_at)
    where finished_at is not null and identity is not null;
