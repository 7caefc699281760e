-- What the parts that are done add to their run.
select count(*) as seq,
    cast(coalesce(sum(rows_done), 0) as bigint) as rows_done,
    cast(coalesce(sum(rows_created), 0) as bigint) as rows_created,
    cast(coalesce(sum(rows_updated), 0) as bigint) as rows_updated,
    cast(coalesce(sum(rows_skipped), 0) as bigint) as rows_skipped,
    cast(coalesce(sum(rows_rejected), 0) as bigint) as rows_rejected,
    cast(coalesce(sum(cells_altered), 0) as bigint) as cells_altered,
    cast(coalesce(sum(bytes_written), 0) as bigint) as bytes_written
from narrowboat.parts
where run_id = :run and state = 'done'
