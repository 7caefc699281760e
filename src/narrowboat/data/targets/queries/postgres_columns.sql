-- The columns of a table, and whether nobody may write them: generated, or an identity that is always given.
select a.attname::text, a.attgenerated <> '' or a.attidentity = 'a'
from pg_catalog.pg_attribute as a
where a.attrelid = ? and a.attnum > 0 and not a.attisdropped
order by a.attnum
