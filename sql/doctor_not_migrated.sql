-- Whether schema rowcast is there, and whose it is. It asks the catalogue, which
-- needs no right on the schema.
select case when f.owner is null then 'fail' else 'ok' end,
       case when f.owner is null then format('database %s has no schema rowcast', current_database())
            else 'schema rowcast belongs to ' || f.owner end,
       null
  from (values (1)) one
  left join (select pg_get_userbyid(n.nspowner) as owner
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where n.nspname = 'rowcast' and c.relname = 'feed') f on true
