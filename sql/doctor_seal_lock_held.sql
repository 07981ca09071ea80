-- Who has held the lock of the seal for longer than $1: any session that may
-- connect can take it, and then nothing is published.
select case when o.detail is not null then 'fail' when s.blind then 'skip' else 'ok' end,
       case when o.detail is null and s.blind then format('role %s sees only its own sessions; see more with: grant pg_read_all_stats to %1$I', current_user)
            else coalesce(o.detail, 'nobody has held the lock of the seal for longer than ' || $1::interval) end, o.fix
  from (select not pg_has_role(current_user, 'pg_read_all_stats', 'usage') as blind) s
  left join lateral (
           select format('pid %s holds it: role %s, application %s, for %s', a.pid, a.usename, a.application_name,
                         date_trunc('second', clock_timestamp() - coalesce(a.xact_start, a.state_change))) as detail,
                  format('select pg_terminate_backend(%s)', a.pid) as fix
             from pg_locks l join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
              and l.database = (select d.oid from pg_database d where d.datname = current_database())
              and (l.classid::bigint << 32 | l.objid::bigint) = 8245940711459091458
              and coalesce(a.xact_start, a.state_change) < clock_timestamp() - $1::interval
            order by 1 limit 1) o on true
