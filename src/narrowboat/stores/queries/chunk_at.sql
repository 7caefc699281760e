-- The committed chunk that holds a row, counted from 0; the last one where there are not so many rows.
select seq from narrowboat.chunks
where run_id = :run and row_from <= :row
order by row_from desc, seq desc
limit 1
