-- The tables that have triggers of schema rowcast.
select distinct coalesce(pg_catalog.pg_partition_root(g.tgrelid)::oid, g.tgrelid)::regclass::text
  from pg_trigger g join pg_proc p on p.oid = g.tgfoid
 where p.pronamespace = 'rowcast'::regnamespace::oid order by 1
