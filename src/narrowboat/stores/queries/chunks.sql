-- Committed bytes in order: chunks of a sequential run, or the parts of a fanned-out one up to the first that is not done.
select seq, row_from, row_count, start, file, file_offset, length, crc
from narrowboat.chunks
where run_id = :run and seq > :after
union all
select seq, row_from, row_count, start, file, file_offset, length, crc
from (
    select seq, rows_done as row_count, file, file_offset, length, crc,
        cast(sum(rows_done) over (order by seq) as bigint) - rows_done as row_from,
        cast(sum(coalesce(length, 0)) over (order by seq) as bigint) - coalesce(length, 0) as start
    from narrowboat.parts
    where run_id = :run
      and seq < coalesce(
          (
              select min(seq) from (
                  select seq from narrowboat.parts where run_id = :run and state = 'open'
                  union all
                  select seq from narrowboat.parts where run_id = :run and state = 'leased'
              ) as undone
          ),
          9223372036854775807
      )
) as done
where file is not null and seq > :after
order by seq
limit :limit
