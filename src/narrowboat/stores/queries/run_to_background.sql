-- The run goes on whether somebody follows it or not.
update narrowboat.runs set unfollowed = null, version = version + 1 where id = :run and unfollowed is not null
