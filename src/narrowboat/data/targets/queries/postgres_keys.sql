-- The indexes that may refuse a second record: columns, whether the primary key, whether simply unique for all rows,
-- whether they may do so later than at once.
select (select coalesce(array_agg(a.attname::text order by part.place), '{}')
        from unnest(i.indkey::int2[]) with ordinality as part (attnum, place)
        join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = part.attnum
        where part.place <= i.indnkeyatts),
       i.indisprimary,
       i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null,
       not i.indimmediate
from pg_catalog.pg_index as i
where i.indrelid = ? and i.indislive and (i.indisunique or i.indisexclusion)
