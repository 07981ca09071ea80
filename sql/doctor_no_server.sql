-- How many follow the feed: servers, and rowcast tail.
select case when count(*) = 0 then 'warn' else 'ok' end,
       case when count(*) = 0 then 'nobody follows the feed' else format('%s follow the feed', count(*)) end,
       null
  from pg_locks l
 where l.locktype = 'advisory' and l.mode = 'ShareLock' and l.objsubid = 1
   and l.database = (select d.oid from pg_database d where d.datname = current_database())
   and (l.classid::bigint << 32 | l.objid::bigint) = 8245940711459091462
