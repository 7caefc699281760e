-- The columns of a table or view, generated ones included, those that a virtual table hides left out.
select name, type, "notnull", pk from pragma_table_xinfo(?) where hidden <> 1 order by cid
