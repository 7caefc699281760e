-- A secret of this installation.
select value from narrowboat.secrets where name = :name
