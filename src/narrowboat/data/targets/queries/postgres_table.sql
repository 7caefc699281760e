-- The table that a name means, as in the search path, else `schema.name`: number, full name, bare name.
select c.oid::int8, quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(c.relname)
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
  and c.oid = coalesce(
      pg_catalog.to_regclass(quote_ident(?)),
      (select qc.oid
       from pg_catalog.pg_class as qc
       join pg_catalog.pg_namespace as qn on qn.oid = qc.relnamespace
       where qn.nspname || '.' || qc.relname = ?
       limit 1))
