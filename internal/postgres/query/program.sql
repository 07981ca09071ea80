-- What schema rowcast says of the program that installed it, null if it says nothing; no
-- row if there is no schema.
select p.prosrc from pg_catalog.pg_namespace n
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'feed'
  left join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = 'program' and p.pronargs = 0
 where n.nspname = 'rowcast'
