-- The columns of each constraint and unique index, by its name.
select con.conname::text, array_agg(a.attname::text order by part.place)
from pg_catalog.pg_constraint as con
cross join lateral unnest(con.conkey) with ordinality as part (attnum, place)
join pg_catalog.pg_attribute as a on a.attrelid = con.conrelid and a.attnum = part.attnum
where con.conrelid = ?
group by con.oid, con.conname
union
select ic.relname::text, array_agg(a.attname::text order by part.place)
from pg_catalog.pg_index as i
join pg_catalog.pg_class as ic on ic.oid = i.indexrelid
cross join lateral unnest(i.indkey::int2[]) with ordinality as part (attnum, place)
join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = part.attnum
where i.indrelid = ? and i.indisunique and part.place <= i.indnkeyatts
group by ic.oid, ic.relname
