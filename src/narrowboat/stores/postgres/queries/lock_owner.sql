-- One transaction at a time counts and adds runs of an owner.
select pg_advisory_xact_lock(hashtext(:schema), hashtext(:owner))
