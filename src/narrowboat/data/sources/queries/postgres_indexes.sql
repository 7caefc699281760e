-- The B-trees of a table that are valid and cover all rows, each as its columns (null for an expression).
select array_agg(a.attname::text order by part.place)
from pg_catalog.pg_index as i
join pg_catalog.pg_class as ic on ic.oid = i.indexrelid
join pg_catalog.pg_am as am on am.oid = ic.relam and am.amname = 'btree'
cross join lateral unnest(i.indkey::int2[]) with ordinality as part (attnum, place)
left join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = part.attnum and part.attnum > 0
where i.indrelid = $1::int8 and i.indisvalid and i.indpred is null and part.place <= i.indnkeyatts
group by i.indexrelid
