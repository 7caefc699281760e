-- The files of one owner, and the bytes that theirs, and everybody's, have or will have.
select
    cast(coalesce(sum(case when owner = :owner then 1 else 0 end), 0) as bigint) as files,
    cast(coalesce(sum(case when owner = :owner then length else 0 end), 0) as bigint) as own,
    cast(coalesce(sum(length), 0) as bigint) as everybody
from narrowboat.uploads
