-- Which publications carry the log to their receivers: those for all tables, for
-- schema rowcast, or for tables of it.
select case when count(*) = 0 then 'ok' else 'warn' end,
       case when count(*) = 0 then 'no publication carries schema rowcast'
            else format('publication %s carries schema rowcast', string_agg(p.pubname, ', ' order by p.pubname)) end,
       null
  from (select p.pubname from pg_publication p where p.puballtables
         union
        select t.pubname from pg_publication_tables t where t.schemaname = 'rowcast') p
