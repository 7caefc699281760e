-- A page of refused rows. A row with several reasons is never cut in two, so a page may be a little longer than asked.
select row_number, column_name, code, message, data
from narrowboat.rejects
where run_id = :run
  and row_number > :after
  and row_number <= (
      select max(row_number) from (
          select row_number from narrowboat.rejects
          where run_id = :run and row_number > :after
          order by row_number
          limit :limit
      ) as page
  )
order by row_number, id
