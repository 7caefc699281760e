-- Each column of each unique index that identifies every row: the primary key first, then the indexes of fewest columns.
--
-- An index serves only if it is a B-tree on whole columns (no prefix, no expression), all of them NOT NULL.
select s.index_name, s.column_name
from information_schema.statistics as s
join (
    select i.index_name, count(*) as columns
    from information_schema.statistics as i
    where i.table_schema = %s and i.table_name = %s
    group by i.index_name
    having max(i.non_unique) = 0
       and min(i.index_type) = 'BTREE' and max(i.index_type) = 'BTREE'
       and sum(i.nullable = 'YES' or i.sub_part is not null or i.column_name is null) = 0
) as k on k.index_name = s.index_name
where s.table_schema = %s and s.table_name = %s
order by s.index_name <> 'PRIMARY', k.columns, s.index_name, s.seq_in_index
