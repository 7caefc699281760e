-- The table or view that SQLite would take for this name, which it compares without case.
select name, type, sql from sqlite_schema where type in ('table', 'view') and name = ? collate nocase
