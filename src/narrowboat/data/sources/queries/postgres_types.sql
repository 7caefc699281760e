-- Types by number: the name to cast to, the kind (b base, c composite, e enum, ...) and the category (A array, ...).
select oid::int8, pg_catalog.format_type(oid, -1), typtype::text, typcategory::text
from pg_catalog.pg_type
where oid = any ($1::int8[])
