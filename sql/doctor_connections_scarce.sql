-- The connections that are left to this role: of the server, of the database and
-- of the role, whichever is scarcest. $1 and $2 are the bounds, from 0 to 1.
select case when s.used >= $2::float8 * s.most then 'fail' when s.used >= $1::float8 * s.most then 'warn' else 'ok' end,
       format('%s of %s connections of %s are taken', s.used, s.most, s.of), null
  from (select 'the server' as of, count(*) as used,
               current_setting('max_connections')::int
               - case when (select r.rolsuper from pg_roles r where r.rolname = current_user) then 0
                      else current_setting('superuser_reserved_connections')::int end as most
          from pg_stat_activity a where coalesce(a.backend_type, 'client backend') = 'client backend' and a.usesysid is not null
         union all
        select 'database ' || d.datname, count(a.pid), d.datconnlimit
          from pg_database d left join pg_stat_activity a on a.datid = d.oid and coalesce(a.backend_type, 'client backend') = 'client backend' and a.usesysid is not null
         where d.datname = current_database() and d.datconnlimit >= 0 group by d.datname, d.datconnlimit
         union all
        select 'role ' || r.rolname, count(a.pid), r.rolconnlimit
          from pg_roles r left join pg_stat_activity a on a.usesysid = r.oid and coalesce(a.backend_type, 'client backend') = 'client backend' and a.usesysid is not null
         where r.rolname = current_user and r.rolconnlimit >= 0 group by r.rolname, r.rolconnlimit) s
 order by s.used::float8 / greatest(s.most, 1) desc limit 1
