-- The table or view of this name, in the database of the connection, else `database.name`.
select t.table_schema, t.table_name, t.table_type
from information_schema.tables as t
where (t.table_schema = database() and t.table_name = %s)
   or (concat(t.table_schema, '.', t.table_name) = %s)
order by t.table_schema = database() desc
limit 1
