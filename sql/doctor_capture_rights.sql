-- As whom capture runs, and whether that is enough to write: for a role that has no
-- right on the schema at all, too.
with capture as (
    select distinct p.proowner as owner, p.prosecdef, p.proname
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'rowcast' and (p.proname in ('open_statement', 'capture', 'capture_update', 'capture_truncate', 'capture_replicated', 'close_replicated')
                                    or p.proname ~ '^capture_(update_)?\d+$')
), owner as (
    select distinct c.owner from capture c
), relation as (
    select c.oid, c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'rowcast'
), lacking (what) as (
    select format('%s lacks usage on schema rowcast', o.owner::regrole) from owner o
     where not has_schema_privilege(o.owner, (select n.oid from pg_namespace n where n.nspname = 'rowcast'), 'usage')
     union all
    select format('%s lacks %s on rowcast.%s', o.owner::regrole, w.privilege, w.name)
      from owner o
     cross join (values ('log_active', 'select'), ('log_active', 'insert'), ('log_active', 'delete'), ('watched', 'select'), ('pause', 'select'),
                   ('noted', 'select'), ('noted', 'insert'), ('queue_tenant', 'insert')) w (name, privilege)
      left join relation r on r.relname = w.name and r.relkind = 'r'
     where r.oid is null or not has_table_privilege(o.owner, r.oid, w.privilege)
     union all
    select format('%s lacks usage on rowcast.%s', o.owner::regrole, w.name)
      from owner o
     cross join (values ('log_id'), ('statement')) w (name)
      left join relation r on r.relname = w.name and r.relkind = 'S'
     where r.oid is null or not has_sequence_privilege(o.owner, r.oid, 'usage')
     union all
    select format('%s lacks execute on rowcast.%s', o.owner::regrole, p.oid::regprocedure)
      from owner o
      join pg_proc p on p.proname in ('begin_beside', 'ordinary', 'plain_here', 'named_here', 'image', 'settle', 'notify', 'append', 'paused', 'put_in_order', 'after_append', 'note_tenants')
      join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'rowcast'
     where not has_function_privilege(o.owner, p.oid, 'execute')
     union all
    select format('rowcast.%s runs as the writer', c.proname) from capture c where not c.prosecdef
     union all
    select 'writers lack usage on rowcast.statement, which triggers of an earlier version need'
     where exists (select from pg_trigger g join pg_proc p on p.oid = g.tgfoid join pg_namespace n on n.oid = p.pronamespace
                    where n.nspname = 'rowcast' and g.tgqual is not null)
       and not exists (select from relation r where r.relname = 'statement' and has_sequence_privilege('public', r.oid, 'usage'))
), strong (what) as (
    select format('%s, which %s', r.rolname, case when r.rolsuper then 'is a superuser' else 'can log in' end)
      from owner o join pg_roles r on r.oid = o.owner where r.rolsuper or r.rolcanlogin
), blind (what) as (
    select format('where a statement on %s leads to another, clients may be told to read it again: %s', c.oid::regclass,
                  case when m.mixed then 'its partitions have other owners'
                       when m.hidden then 'its policies hold for whoever would look which came last'
                       else format('capture may not look into tables of %s; run rowcast migrate as %s', c.relowner::regrole,
                                   case when pg_has_role(c.relowner, o.owner, 'usage') then 'the owner' else 'a superuser, or a member of that role' end) end)
      from owner o
     cross join rowcast.watched w
      join pg_class c on c.oid = w.relation
     cross join lateral (select exists (select from pg_partition_tree(c.oid) t join pg_class p on p.oid = t.relid where p.relowner <> c.relowner) as mixed,
                                c.relrowsecurity and (c.relforcerowsecurity or c.relowner <> o.owner and pg_has_role(c.relowner, o.owner, 'usage')) as hidden) m
     where w.active
       and (m.mixed or m.hidden
            or case when pg_has_role(c.relowner, o.owner, 'usage') then not (has_schema_privilege(o.owner, c.relnamespace, 'usage') and has_table_privilege(o.owner, c.oid, 'select'))
                    else not exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                                      where n.nspname = 'rowcast' and p.proname like 'look\_as\_%' and p.proowner = c.relowner and p.prosecdef
                                        and has_function_privilege(o.owner, p.oid, 'execute')) end)
)
select case when exists (select from lacking) then 'fail' when exists (select from strong) or exists (select from blind) then 'warn' else 'ok' end,
       case when exists (select from lacking) then (select string_agg(l.what, ', ' order by l.what) from lacking l)
            when exists (select from strong) or exists (select from blind)
            then concat_ws('; ', (select 'capture runs as ' || string_agg(s.what, ', ') from strong s), (select string_agg(b.what, ', ' order by b.what) from blind b))
            else (select format('capture runs as %s and may append; writers need no right', string_agg(o.owner::regrole::text, ', ')) from owner o) end,
       null
