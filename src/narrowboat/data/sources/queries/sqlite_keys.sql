-- Each column of each unique index that covers all rows: index, whether it is the primary key's, column (null for an
-- expression), collation. The primary key first, then the indexes of fewest columns.
select listed.name, listed.origin = 'pk', part.name, part.coll
from pragma_index_list(?) as listed, pragma_index_xinfo(listed.name) as part
where listed."unique" and not listed.partial and part.key
order by listed.origin <> 'pk',
         (select count(*) from pragma_index_xinfo(listed.name) as other where other.key),
         listed.name,
         part.seqno
