-- What this role may not do and a server has to. It asks the catalogue, which
-- needs no right on the schema. A seal writes with the rights of the caller
-- unless its function is made otherwise.
with relation as (
    select c.relname, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'rowcast'
), function as (
    select p.oid, p.proname, p.prosecdef from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'rowcast'
), wanted (privilege, name) as (
    values ('select', 'feed'), ('select', 'seal'), ('select', 'sealed'), ('select', 'log'), ('select', 'watched'), ('select', 'tenant'),
           ('select', 'revocation'), ('select', 'revocation_version'), ('select', 'pause'), ('select', 'rules'), ('select', 'policy'),
           ('insert', 'tenant')
     union all
    select 'insert', t.name from function f cross join (values ('seal'), ('sealed'), ('tenant')) t (name)
     where f.proname = 'seal' and not f.prosecdef
), missing (what) as (
    select 'usage on schema rowcast'
     where not has_schema_privilege((select n.oid from pg_namespace n where n.nspname = 'rowcast'), 'usage')
     union
    select format('%s on rowcast.%s', w.privilege, w.name)
      from wanted w left join relation r on r.relname = w.name
     where r.oid is null or not has_any_column_privilege(r.oid, w.privilege)
     union
    select format('execute on rowcast.%s', f.proname)
      from function f
     where f.proname in ('seal', 'foreign_log', 'trigger_drift', 'prune', 'rotate', 'empty_segments', 'activate_policy', 'refuse_policy')
       and not has_function_privilege(f.oid, 'execute')
)
select case when count(*) = 0 then 'ok' else 'fail' end,
       case when count(*) = 0 then format('role %s may do all that a server does', current_user)
            else format('role %s lacks %s', current_user, string_agg(m.what, ', ' order by m.what)) end,
       format('select rowcast.grant_service(%L)', current_user)
  from missing m
