-- The tables and views a person may mean, without database where it is the connection's.
select if(t.table_schema = database(), t.table_name, concat(t.table_schema, '.', t.table_name)) as name
from information_schema.tables as t
where t.table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')
order by 1
