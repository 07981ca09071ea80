-- The servers that do not follow version $1 of the rules: how each is known, and which
-- version it follows. One that has no connection for the rules does not say. Commands that
-- follow the feed share the lock of the servers, too, under another name.
with followers as (
    select s.pid, s.client_addr, substring(s.application_name from '^rowcast rules (\d+)$')::bigint as version
      from pg_stat_activity s
     where s.datname = current_database() and s.application_name ~ '^rowcast rules( \d+)?$'),
servers (count) as (
    select count(*) from rowcast.lock_holders() h join pg_stat_activity s on s.pid = h.pid
     where h.lock = 'server' and h.mode = 'ShareLock' and s.application_name = 'rowcast listen')
select coalesce(host(f.client_addr), 'on this machine') || ', pid ' || f.pid, 'version ' || f.version
  from followers f where coalesce(f.version, -1) < $1::bigint
union all
select s.count - f.count || ' more', 'not known' from servers s, (select count(*) from followers) f where s.count > f.count
 order by 1
