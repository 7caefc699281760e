-- The table, view or the like that a name means: the name as it is in the search path, else `schema.name`.
select c.oid::int8, c.relkind::text, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'v', 'm', 'f', 'p')
  and c.oid = coalesce(
      pg_catalog.to_regclass(quote_ident($1)),
      (select qc.oid
       from pg_catalog.pg_class as qc
       join pg_catalog.pg_namespace as qn on qn.oid = qc.relnamespace
       where qc.relkind in ('r', 'v', 'm', 'f', 'p') and qn.nspname || '.' || qc.relname = $1
       limit 1))
