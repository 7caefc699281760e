-- The unique indexes that identify every row of a table, each as its columns and the collations to compare them under
-- (null where that is the column's own). The primary key first, then the indexes of fewest columns.
--
-- An index serves only if it is a B-tree (403), valid, not deferrable (between two statements a deferrable one may hold
-- duplicates), covers all rows and no expression, if its columns are NOT NULL (also validated: since PostgreSQL 18 a
-- constraint may be declared and not hold yet), and if it compares as the column's type does. A parent of inherited
-- tables is left out: its index knows nothing of the children's rows. A partitioned table's index does.
select array_agg(a.attname::text order by part.place) as columns,
       array_agg((select quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                  from pg_catalog.pg_collation as co
                  join pg_catalog.pg_namespace as cn on cn.oid = co.collnamespace
                  where co.oid = part.compared_under and co.oid <> a.attcollation) order by part.place) as collations
from pg_catalog.pg_index as i
join pg_catalog.pg_class as ic on ic.oid = i.indexrelid and ic.relam = 403
cross join lateral unnest(i.indkey::int2[], i.indcollation::oid[], i.indclass::oid[])
     with ordinality as part (attnum, compared_under, opclass, place)
join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = part.attnum
where i.indrelid = $1::int8
  and i.indisunique and i.indisvalid and i.indisready and i.indislive and i.indimmediate
  and i.indpred is null and i.indexprs is null
  and part.place <= i.indnkeyatts
group by i.indrelid, i.indexrelid, i.indisprimary, i.indnkeyatts, ic.relname
having bool_and(a.attnotnull)
   and bool_and((select o.opcdefault from pg_catalog.pg_opclass as o where o.oid = part.opclass))
   and not exists (
       select from pg_catalog.pg_constraint as n
       where n.conrelid = i.indrelid and n.contype = 'n' and not n.convalidated and n.conkey[1] = any (array_agg(a.attnum)))
   and not exists (
       select from pg_catalog.pg_inherits as h
       join pg_catalog.pg_class as parent on parent.oid = h.inhparent and parent.relkind <> 'p'
       where h.inhparent = i.indrelid)
order by i.indisprimary desc, i.indnkeyatts, ic.relname
