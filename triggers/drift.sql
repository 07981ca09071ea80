-- Drift: which triggers a watched table has to have, and which of them it lacks.

-- The triggers of a watched table: what install_triggers makes and what
-- trigger_drift looks for. A statement trigger is made on the table and on each
-- partition; a row trigger only on the table, because PostgreSQL clones it to
-- the partitions. enabled is as in pg_trigger: "O" fires unless
-- session_replication_role is replica, "R" only then, "A" always. No trigger has a
-- condition: PostgreSQL evaluates it with the rights of the writer.
create or replace function rowcast.expected_triggers()
returns table (name text, event text, scope text, condition text, function text, enabled "char")
language sql immutable as $$
    select t.name, t.event, t.scope, '', t.function, t.enabled
      from (values
        ('rowcast_begin_insert', 'before insert', 'for each statement', 'rowcast.begin', 'A'::"char"),
        ('rowcast_begin_update', 'before update', 'for each statement', 'rowcast.begin', 'A'),
        ('rowcast_begin_delete', 'before delete', 'for each statement', 'rowcast.begin', 'A'),
        ('rowcast_insert', 'after insert', 'referencing new table as changed_rows for each statement', 'rowcast.capture', 'O'),
        ('rowcast_update', 'after update', 'referencing old table as old_rows new table as new_rows for each statement', 'rowcast.capture_update', 'O'),
        ('rowcast_delete', 'after delete', 'referencing old table as changed_rows for each statement', 'rowcast.capture', 'O'),
        ('rowcast_truncate', 'after truncate', 'for each statement', 'rowcast.capture_truncate', 'A'),
        ('rowcast_close', 'after insert or update or delete', 'for each statement', 'rowcast.close_replicated', 'R'),
        ('rowcast_replicated', 'after insert or update or delete', 'for each row', 'rowcast.capture_replicated', 'R')
      ) as t (name, event, scope, function, enabled)
$$;

-- Whether a trigger has the condition that it has to have, as PostgreSQL prints it.
-- No condition of ours speaks of a row.
create or replace function rowcast.has_condition(trigger_oid oid, condition text) returns boolean
language sql stable as $$
    select case condition when '' then g.tgqual is null
                else strpos(regexp_replace(pg_get_expr(g.tgqual, 0), '[() ]|::(bigint|regclass)|rowcast\.', '', 'g'),
                            regexp_replace(lower(substr(condition, 5)), '[() ]|rowcast\.', '', 'g')) > 0 end
      from pg_trigger g where g.oid = trigger_oid
$$;

-- The watched tables that are not captured in full: one row for each table that
-- was dropped, or that lacks triggers, on itself or on a partition, or has them
-- disabled or enabled otherwise than they were made. triggers names them, each
-- as "trigger on table"; detail says in words what is wrong and what to do. Tables
-- are named by the search_path of the caller, so what could be replaced by something
-- there is named with its schema.
create or replace function rowcast.trigger_drift()
returns table (watched integer, table_name text, triggers text[], detail text)
language sql stable as $$
    with missing as (
        select w.id, c.oid is null as dropped,
               coalesce(c.oid::regclass::text, pg_catalog.format('%I.%I', w.table_schema, w.table_name)) as table_name,
               pg_catalog.array_agg(case when c.oid is null then e.name else pg_catalog.format('%s on %s', e.name, p.part::regclass) end
                         order by p.part::regclass::text, e.name) as triggers
          from rowcast.watched w
          left join pg_class c on c.oid = w.relation
         cross join lateral (select t.relid::oid from pg_catalog.pg_partition_tree(c.oid) t union select w.relation) p (part)
         cross join rowcast.expected_triggers() e
         where w.active and not exists (
                   select from pg_trigger g
                    where g.tgrelid = p.part and g.tgname = e.name and g.tgenabled = e.enabled
                      and g.tgfoid = pg_catalog.to_regproc(e.function)::oid and rowcast.has_condition(g.oid, e.condition)
                      and pg_catalog.split_part(pg_catalog.encode(g.tgargs, 'escape'), E'\\000', 1) = w.id::text)
         group by w.id, c.oid
    )
    select m.id, m.table_name, m.triggers,
           case when m.dropped then 'the table was dropped; rowcast migrate stops watching it'
                else pg_catalog.format('not captured in full, repair it with rowcast migrate: %s missing or disabled: %s%s',
                            case pg_catalog.cardinality(m.triggers) when 1 then '1 trigger is' else pg_catalog.cardinality(m.triggers)::text || ' triggers are' end,
                            pg_catalog.array_to_string(m.triggers[1:8], ', '), case when pg_catalog.cardinality(m.triggers) > 8 then ', ...' end)
           end
      from missing m
     order by m.table_name
$$;

-- Stops to watch the tables that were dropped. What the log holds of them stays
-- readable. Returns their names.
create or replace function rowcast.unwatch_dropped() returns setof text
language sql as $$
    update rowcast.watched w set active = false
     where w.active and not exists (select from pg_class c where c.oid = w.relation)
    returning format('%I.%I', w.table_schema, w.table_name)
$$;
