-- Bytes that the uploads of one owner, and of everybody, have or will have.
select
    cast(coalesce(sum(case when owner = :owner then length else 0 end), 0) as bigint) as own,
    cast(coalesce(sum(length), 0) as bigint) as everybody
from narrowboat.uploads
