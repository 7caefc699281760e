-- How often somebody tried.
select name, attempts, last_at from narrowboat.attempts where name = any(:names)
