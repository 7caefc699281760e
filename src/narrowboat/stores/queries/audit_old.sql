-- Entries past their retention.
select id from narrowboat.audit where at < :before limit :limit
