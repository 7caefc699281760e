-- The right password was given.
delete from narrowboat.attempts where name = any(:names)
