-- The roles and databases that write with session_replication_role = replica by
-- default: ordinary triggers do not fire there, and changes are captured row by row.
select case when count(*) = 0 then 'ok' else 'warn' end,
       case when count(*) = 0 then 'session_replication_role is origin by default'
            else string_agg(format('%s has it', s.who), ', ' order by s.who) end,
       string_agg(s.reset, '; ' order by s.who)
  from (select concat_ws(' in ', 'role ' || quote_ident(r.rolname), 'database ' || quote_ident(d.datname)) as who,
               case when r.rolname is null then format('alter database %I reset session_replication_role', d.datname)
                    when d.datname is null then format('alter role %I reset session_replication_role', r.rolname)
                    else format('alter role %I in database %I reset session_replication_role', r.rolname, d.datname) end as reset
          from pg_db_role_setting s
          left join pg_roles r on r.oid = s.setrole
          left join pg_database d on d.oid = s.setdatabase
         where 'session_replication_role=replica' = any (s.setconfig)
           and (s.setdatabase = 0 or d.datname = current_database())
         union all
        select 'the server', 'alter system reset session_replication_role'
          from pg_settings g
         where g.name = 'session_replication_role' and g.setting = 'replica' and g.source not in ('database', 'user', 'database user', 'session')) s
