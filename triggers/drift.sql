-- Drift: which triggers a watched table has to have, which of them it lacks, and
-- what that does to the feed.

-- The triggers of a watched table: what install_triggers makes and what
-- trigger_drift looks for. A statement trigger is made on the table and on each
-- partition; a row trigger only on the table, because PostgreSQL clones it to
-- the partitions. enabled is as in pg_trigger: "O" fires unless
-- session_replication_role is replica, "R" only then, "A" always. No trigger has a
-- condition: PostgreSQL evaluates it with the rights of the writer. A trigger is known
-- by what it does; its name may have been changed. writes: the statements, or all
-- writers in a role of replica, whose changes are lost without the trigger; null
-- if it is only for their order.
do $$ begin
    if pg_get_function_result(to_regprocedure('rowcast.wanted_triggers()')) ~ 'condition' then
        drop function rowcast.wanted_triggers(); -- its columns cannot be changed
    end if;
end $$;

create or replace function rowcast.wanted_triggers()
returns table (name text, event text, scope text, function text, enabled "char", writes text,
               type smallint, old_table name, new_table name)
language sql immutable as $$
    select t.name, t.event, t.scope, t.function, t.enabled, t.writes,
           ((t.scope = 'for each row')::integer + 2 * starts_with(t.event, 'before')::integer + 4 * (t.event ~ 'insert')::integer
            + 8 * (t.event ~ 'delete')::integer + 16 * (t.event ~ 'update')::integer + 32 * (t.event ~ 'truncate')::integer)::smallint,
           substring(t.scope from 'old table as (\w+)'), substring(t.scope from 'new table as (\w+)')
      from (values
        ('rowcast_begin_insert', 'before insert', 'for each statement', 'rowcast.open_statement', 'A'::"char", null),
        ('rowcast_begin_update', 'before update', 'for each statement', 'rowcast.open_statement', 'A', null),
        ('rowcast_begin_delete', 'before delete', 'for each statement', 'rowcast.open_statement', 'A', null),
        ('rowcast_insert', 'after insert', 'referencing new table as changed_rows for each statement', 'rowcast.capture', 'O', 'inserts'),
        ('rowcast_update', 'after update', 'referencing old table as old_rows new table as new_rows for each statement', 'rowcast.capture_update', 'O', 'updates'),
        ('rowcast_delete', 'after delete', 'referencing old table as changed_rows for each statement', 'rowcast.capture', 'O', 'deletes'),
        ('rowcast_truncate', 'after truncate', 'for each statement', 'rowcast.capture_truncate', 'A', 'truncates'),
        ('rowcast_close', 'after insert or update or delete', 'for each statement', 'rowcast.close_replicated', 'R', null),
        ('rowcast_replicated', 'after insert or update or delete', 'for each row', 'rowcast.capture_replicated', 'R', 'what is written while session_replication_role is replica')
      ) as t (name, event, scope, function, enabled, writes)
$$;

-- The triggers of the watched tables and of their partitions: one row for each
-- that there has to be, and for each that there is. wanted is null for one too
-- many, and its writes is empty if it captures; as_installed is what migrate compares,
-- fits what captures.
create or replace function rowcast.trigger_states()
returns table (watched integer, part oid, wanted text, writes text, trigger_name name, enabled "char", fits boolean, as_installed boolean)
language sql stable as $$
    with part as (
        select w.id, w.tenant_column, w.exclude, w.name, w.audience, p.part, p.part <> r.relation as is_part
          from rowcast.watched w cross join lateral rowcast.relation_of(w.id) r (relation)
         cross join lateral (select t.relid from pg_partition_tree(r.relation) t union select c.oid from pg_class c where c.oid = r.relation) p (part)
         where w.active
    ), present as materialized (
        select g.* from rowcast.present_triggers() g
    )
    select p.id, p.part, e.name, e.writes, g.name, g.enabled, g.fits,
           coalesce(g.fits and g.enabled = e.enabled and g.arguments[4:7] = array_remove(array[p.tenant_column,
                        case when p.is_part and e.type & 1 = 0 then '{ ' || substr(p.exclude::text, 2) else p.exclude::text end, p.name, p.audience], null), false)
      from part p cross join rowcast.wanted_triggers() e
      left join lateral (
               select g.*, (select q.tgqual is null from pg_trigger q where q.oid = g.oid) and g.watched = p.id
                           and g.is_part = (p.is_part and e.type & 1 = 0) as fits
                 from present g
                where g.relation = p.part and g.function = e.function and g.type = e.type
                  and g.old_table is not distinct from e.old_table and g.new_table is not distinct from e.new_table) g on true
     union all
    select p.id, p.part, null, case when starts_with(g.function, 'rowcast.capture') then '' end, g.name, g.enabled, false, false
      from part p join present g on g.relation = p.part
     where not exists (select from rowcast.wanted_triggers() e
                        where g.function = e.function and g.type = e.type
                          and g.old_table is not distinct from e.old_table and g.new_table is not distinct from e.new_table)
$$;

-- Why a name that is watched does not mean the table that is watched, null if it
-- does, or means nothing else.
create or replace function rowcast.name_drift(watched_id integer) returns text
language sql stable as $$
    select pg_catalog.format('%s is another table now; the one that is watched is %s', n.oid::regclass, c.oid::regclass)
      from rowcast.watched w
      join pg_class c on c.oid = rowcast.relation_of(w.id)
      join pg_class n on n.relname::text = w.table_name and n.relnamespace = pg_catalog.to_regnamespace(pg_catalog.quote_ident(w.table_schema))::oid
     where w.id = watched_id and w.active and n.oid <> c.oid
       and (n.relkind in ('r', 'p', 'f')
            -- A view of the table is another way to it.
            or n.relkind in ('v', 'm') and not exists (
                   select from pg_rewrite r join pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass::oid and d.objid = r.oid
                    where r.ev_class = n.oid and d.refclassid = 'pg_catalog.pg_class'::regclass::oid and d.refobjid = c.oid))
$$;

-- What is wrong with a table that is watched by itself and has become a partition:
-- it fires its own triggers only where a statement names it.
create or replace function rowcast.part_drift(part oid) returns text
language sql stable as $$
    select case when count(w.id) > 0 then format('the table has become a partition of %s; rowcast migrate captures it as part of that', min(a.relid::regclass::text) filter (where w.id is not null))
                else format('the table has become a partition of %s; what is written through that is not captured: rowcast watch %1$s', pg_partition_root(part)::regclass) end
      from pg_partition_ancestors(part) a left join rowcast.watched w on w.active and rowcast.relation_of(w.id) = a.relid
     where a.relid <> part
$$;

-- The watched tables that are not captured as they should be: one row for each, and
-- one without a number for the schema if it is not as it was installed.
-- lost: changes are not captured, or not of the table that is meant. Otherwise
-- every change is captured, and what it says is wrong beside that. triggers names
-- those that are not as migrate makes them, each as "trigger on table". Tables are
-- named by the search_path of the caller, so what could be replaced by something there
-- is named with its schema.
do $$ begin
    if pg_get_function_result(to_regprocedure('rowcast.trigger_drift()')) !~ 'lost' then
        drop function rowcast.trigger_drift(); -- its columns cannot be changed
    end if;
end $$;

create or replace function rowcast.trigger_drift()
returns table (watched integer, table_name text, triggers text[], detail text, lost boolean)
language sql stable as $$
    with target as (
        select w.id, c.oid as relation, coalesce(c.oid::regclass::text, pg_catalog.format('%I.%I', w.table_schema, w.table_name)) as table_name,
               case when c.oid is null then 'the table was dropped; rowcast migrate stops watching it'
                    when n.reason is not null then n.reason || '; rowcast migrate follows the name'
                    when c.relispartition then rowcast.part_drift(c.oid)
                    when exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = w.tenant_column and not rowcast.is_shown(c.oid, a.attgenerated))
                    then 'the tenant column is generated, and PostgreSQL does not show triggers its value: it is virtual, or a partition has its columns in another order, so rows belong to nobody'
                    when rowcast.numbered(w.id, c.oid) is null and not rowcast.has_columns(c.oid, w.tenant_column operator(pg_catalog.||) w.exclude)
                    then pg_catalog.format('the table came with a dump and lacks columns that it was watched with (%s); until they are named, only keys are captured, and nothing without the tenant: rowcast watch %s --tenant-column ... --exclude ...',
                                pg_catalog.array_to_string(w.tenant_column operator(pg_catalog.||) w.exclude, ', '), c.oid::regclass) end as reason
          from rowcast.watched w
          left join pg_class c on c.oid = rowcast.relation_of(w.id)
         cross join lateral rowcast.name_drift(w.id) n (reason)
         where w.active
    ), state as (
        select s.watched, s.part, s.wanted, s.writes, pg_catalog.array_agg(s.trigger_name order by s.trigger_name) filter (where s.trigger_name is not null) as found,
               coalesce(pg_catalog.bool_or(s.fits and s.enabled in ('O', 'A')), false) as usual,
               coalesce(pg_catalog.bool_or(s.fits and s.enabled in ('R', 'A')), false) as replica,
               pg_catalog.count(*) filter (where s.enabled <> 'D') as active,
               coalesce(pg_catalog.bool_and(s.as_installed), false) and pg_catalog.count(*) = 1 as as_installed
          from rowcast.trigger_states() s
         group by s.watched, s.part, s.wanted, s.writes
    ), judged as (
        select s.*, case s.wanted when 'rowcast_replicated' then not s.replica
                                  when 'rowcast_truncate' then not (s.usual and s.replica)
                                  else s.wanted is not null and s.writes is not null and not s.usual end as misses,
               s.writes is not null and s.active > (s.wanted is not null)::integer as repeats,
               s.writes is null and s.wanted is not null and not (s.replica and (s.usual or s.wanted = 'rowcast_close')) as unordered
          from state s where not s.as_installed
    ), drift as (
        select j.watched, pg_catalog.array_agg(pg_catalog.format('%s on %s', coalesce(j.wanted, j.found[1]), j.part::regclass) order by j.part::regclass::text, coalesce(j.wanted, j.found[1])) as triggers,
               pg_catalog.bool_or(j.misses) as misses, pg_catalog.bool_or(j.repeats) as repeats, pg_catalog.bool_or(j.unordered) as unordered,
               (select pg_catalog.string_agg(distinct m.writes, ', ' order by m.writes) from judged m where m.watched = j.watched and m.misses) as writes
          from judged j group by j.watched
    )
    select t.id, t.table_name,
           case when t.relation is null then array(select e.name from rowcast.wanted_triggers() e order by e.name) else coalesce(d.triggers, '{}') end,
           pg_catalog.concat_ws('; ', t.reason,
               case when t.relation is not null and d.watched is not null then pg_catalog.format('%s, repair it with rowcast migrate: %s%s: %s%s',
                   case when d.misses then 'not captured in full'
                        when d.repeats then 'captured more than once'
                        when d.unordered then 'captured in full, but changes that cause each other may be told in the wrong order'
                        else 'captured in full, but not as it was installed' end,
                   d.writes || ' are missed; ',
                   case when d.misses then case pg_catalog.cardinality(d.triggers) when 1 then '1 trigger is' else pg_catalog.cardinality(d.triggers)::text || ' triggers are' end || ' missing or disabled'
                        else case pg_catalog.cardinality(d.triggers) when 1 then '1 trigger is' else pg_catalog.cardinality(d.triggers)::text || ' triggers are' end || ' not as installed' end,
                   pg_catalog.array_to_string(d.triggers[1:8], ', '), case when pg_catalog.cardinality(d.triggers) > 8 then ', ...' end) end),
           t.reason is not null or d.misses
      from target t left join drift d on d.watched = t.id
     where t.reason is not null or d.watched is not null
     union all
    select null, 'schema rowcast', '{}', a.reason, true from rowcast.alteration() a (reason) where a.reason is not null
     order by table_name
$$;

-- Early versions called them.
drop function if exists rowcast.expected_triggers(), rowcast.has_condition(oid, text);
