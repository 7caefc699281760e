-- The tables and views a person may mean.
select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite\_%' escape '\' order by name
