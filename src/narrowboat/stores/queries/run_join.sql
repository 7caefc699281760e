-- One more holder, who follows; cancelling lets go of one at a time. Who wants it in the background decides for all.
update narrowboat.runs
set holders = holders + 1,
    version = version + 1,
    followed_at = :now,
    unfollowed = case when cast(:unfollowed as double precision) is null then null else unfollowed end
where id = :run
