-- A link.
select * from narrowboat.links where id = :link
