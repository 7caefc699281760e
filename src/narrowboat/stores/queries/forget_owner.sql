-- An owner without runs needs no place in the fair order.
delete from narrowboat.owners where owner = :owner and not exists (select 1 from narrowboat.runs where owner = :owner)
