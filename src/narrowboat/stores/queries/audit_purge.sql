-- Entries past their retention are forgotten, some at a time.
delete from narrowboat.audit where id in (select id from narrowboat.audit where at < :before order by at limit :limit)
