-- Each column of each B-tree of a table: index, column (null for an expression).
select s.index_name, s.column_name
from information_schema.statistics as s
where s.table_schema = %s and s.table_name = %s and s.index_type = 'BTREE'
order by s.index_name, s.seq_in_index
