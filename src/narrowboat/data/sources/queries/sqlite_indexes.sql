-- Each column of each index that covers all rows: index, column (null for an expression).
select listed.name, part.name
from pragma_index_list(?) as listed, pragma_index_xinfo(listed.name) as part
where not listed.partial and part.key
order by listed.name, part.seqno
