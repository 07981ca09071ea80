-- What migrate has installed, so that it is seen when something else takes its place.
-- That is a function that was replaced, by hand or by an earlier version of migrate, or
-- that belongs to a role that may not do what it does. It is also a table, column or
-- sequence that was dropped or changed.

-- The objects of schema rowcast, each with what makes it what it is. Segments of
-- the log come and go, and so do the functions of table owners.
create or replace function rowcast.objects() returns table (kind text, name text, state text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select 'function', format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
           md5(concat_ws(' ', p.prosrc, case when p.prosqlbody is not null then pg_get_function_sqlbody(p.oid) end, p.prosecdef, p.proconfig, pg_get_function_result(p.oid)))
      from pg_proc p where p.pronamespace = 'rowcast'::regnamespace and p.proname not like 'look\_as\_%'
     union all
    select case c.relkind when 'S' then 'sequence' else 'table' end, c.relname,
           md5(concat_ws(' ', s.seqincrement, s.seqcache, s.seqcycle,
                         (select string_agg(format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ', ' order by a.attname)
                            from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and c.relkind <> 'S')))
      from pg_class c left join pg_sequence s on s.seqrelid = c.oid
     where c.relnamespace = 'rowcast'::regnamespace and c.relkind in ('r', 'p', 'v', 'S') and c.relname !~ '^log_\d+$'
$$;

-- Writes down what is installed: the last step of a migration. Functions are those
-- that it has made; tables and sequences are, too, if it has changed any.
create or replace function rowcast.record_objects(migrated boolean) returns void
language sql as $$
    delete from rowcast.installed i
     where (migrated or i.kind = 'function')
       and not exists (select from rowcast.objects() o where (o.kind, o.name, o.state) = (i.kind, i.name, i.state));
    insert into rowcast.installed (kind, name, state) select o.kind, o.name, o.state from rowcast.objects() o on conflict do nothing;
$$;

-- Writes down a function that was made beside a migration.
create or replace function rowcast.record_function(function regprocedure) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    delete from rowcast.installed i
     where i.kind = 'function' and 'rowcast.' || i.name = function::text
       and not exists (select from rowcast.objects() o where (o.kind, o.name, o.state) = (i.kind, i.name, i.state));
    insert into rowcast.installed (kind, name, state)
    select o.kind, o.name, o.state from rowcast.objects() o where o.kind = 'function' and 'rowcast.' || o.name = function::text on conflict do nothing;
$$;

-- What is not as it was installed, in words, with what repairs it; null if all is.
-- Before the first migration has ended, nothing is known.
create or replace function rowcast.alteration() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with wrong as (
        select format('%s rowcast.%s is %s', i.kind, i.name, case when o.name is null then 'missing' else 'not as it was installed' end) as what,
               i.kind = 'table' or o.name is null and i.kind = 'sequence' as lost
          from rowcast.installed i left join rowcast.objects() o on o.kind = i.kind and o.name = i.name
         where o.state is distinct from i.state
         union all
        select format('function rowcast.%s(%s) belongs to %s, who may not append to the log', p.proname, pg_get_function_identity_arguments(p.oid), pg_get_userbyid(p.proowner)), false
          from pg_proc p join pg_class c on c.relnamespace = p.pronamespace and c.relname = 'log_active'
         where p.pronamespace = 'rowcast'::regnamespace and p.prosecdef and p.prosrc ~ 'insert into rowcast\.log_active'
           and not (has_schema_privilege(p.proowner, p.pronamespace, 'usage') and has_table_privilege(p.proowner, c.oid, 'insert'))
    )
    select format('schema rowcast is not as it was installed, repair it with rowcast migrate%s: %s', case when bool_or(w.lost) then ' --new-feed' end,
                  string_agg(w.what, ', ' order by w.what))
      from wrong w having count(*) > 0
$$;

-- Within a row lock, numbers have to grow in the order of the changes; statements
-- come in threes.
do $$ begin
    if exists (select from pg_sequence s where s.seqrelid = to_regclass('rowcast.log_id') and (s.seqcache, s.seqincrement, s.seqcycle) <> (1, 1, false)) then
        alter sequence rowcast.log_id increment 1 cache 1 no cycle;
    end if;
    if exists (select from pg_sequence s where s.seqrelid = to_regclass('rowcast.statement') and (s.seqcache, s.seqincrement, s.seqcycle) <> (300, 1, false)) then
        alter sequence rowcast.statement increment 1 cache 300 no cycle;
    end if;
end $$;
