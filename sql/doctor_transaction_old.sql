-- The oldest transaction that has written, longer than $1: until it ends, the log
-- closes no segment and VACUUM clears nothing that came after it.
select case when o.detail is not null then 'warn' when s.blind then 'skip' else 'ok' end,
       case when o.detail is null and s.blind then format('role %s sees only its own sessions; see more with: grant pg_read_all_stats to %1$I', current_user)
            else coalesce(o.detail, 'no transaction has been writing for longer than ' || $1::interval) end, o.fix
  from (select not pg_has_role(current_user, 'pg_read_all_stats', 'usage') as blind) s
  left join lateral (
           select format('pid %s has been writing for %s: database %s, role %s, application %s, %s',
                         a.pid, date_trunc('second', clock_timestamp() - a.xact_start), a.datname, a.usename, a.application_name, a.state) as detail,
                  format('select pg_terminate_backend(%s)', a.pid) as fix
             from pg_stat_activity a
            where a.backend_xid is not null and a.pid <> pg_backend_pid() and a.xact_start < clock_timestamp() - $1::interval
            order by a.xact_start limit 1) o on true
