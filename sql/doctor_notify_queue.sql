-- How full the queue of NOTIFY is. The oldest transaction of a session may keep it from
-- being emptied. $1 and $2 are the bounds, from 0 to 1.
select case when q.usage >= $2::float8 then 'fail' when q.usage >= $1::float8 then 'warn' else 'ok' end,
       concat_ws('; ', format('%s %% full', round(100 * q.usage::numeric, 2)), o.detail),
       o.fix
  from (select pg_notification_queue_usage() as usage) q
  left join lateral (
           select format('oldest transaction: pid %s, database %s, role %s, application %s, since %s',
                         a.pid, a.datname, a.usename, a.application_name, a.xact_start) as detail,
                  format('select pg_terminate_backend(%s)', a.pid) as fix
             from pg_stat_activity a
            where q.usage >= $1 and a.backend_type = 'client backend' and a.xact_start is not null and a.pid <> pg_backend_pid()
            order by a.xact_start limit 1) o on true
