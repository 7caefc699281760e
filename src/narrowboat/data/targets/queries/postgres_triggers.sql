-- Triggers of the application that come after a record was written: neither before it (2) nor instead of it (64).
select 1
from pg_catalog.pg_trigger
where tgrelid = ? and not tgisinternal and tgenabled <> 'D' and tgtype & 66 = 0
limit 1
