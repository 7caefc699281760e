-- The columns of a table: name, whether nobody may write it (generated, an identity that is always given), type, and
-- whether it needs a value.
select a.attname::text,
       a.attgenerated <> '' or a.attidentity = 'a',
       pg_catalog.format_type(a.atttypid, null),
       a.attnotnull and not a.atthasdef and a.attidentity = ''
from pg_catalog.pg_attribute as a
where a.attrelid = ? and a.attnum > 0 and not a.attisdropped
order by a.attnum
