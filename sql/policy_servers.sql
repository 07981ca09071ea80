-- The servers that do not follow version $1 of the rules: how each is known, and which
-- version it follows. One that has no connection for the rules does not say.
with followers as (
    select s.pid, s.client_addr, substring(s.application_name from '^rowcast rules (\d+)$')::bigint as version
      from pg_stat_activity s
     where s.datname = current_database() and s.application_name ~ '^rowcast rules( \d+)?$')
select coalesce(host(f.client_addr), 'on this machine') || ', pid ' || f.pid, 'version ' || f.version
  from followers f where coalesce(f.version, -1) < $1::bigint
union all
select (rowcast.servers() - count(*)) || ' more', 'not known' from followers f having rowcast.servers() > count(*)
 order by 1
