-- The statements that remove the triggers of table $1. They need no function of the
-- schema, which may lack some.
with part as (
    select p.relid::oid from pg_catalog.pg_partition_tree($1::text::regclass) p union select $1::text::regclass::oid
)
select pg_catalog.format('drop trigger %I on %s', g.tgname, g.tgrelid::regclass)
  from part p join pg_trigger g on g.tgrelid = p.relid join pg_proc f on f.oid = g.tgfoid
 where f.pronamespace = 'rowcast'::regnamespace::oid and g.tgparentid = 0
 order by g.tgrelid <> $1::text::regclass::oid, g.tgrelid
