-- The table, view or the like that a name means: the name as it is in the search path, else `schema.name`.
select c.oid::int8, c.relkind::text, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'v', 'm', 'f', 'p')
  and (c.relname = $1 and pg_catalog.pg_table_is_visible(c.oid) or n.nspname || '.' || c.relname = $1)
order by n.nspname || '.' || c.relname = $1
limit 1
