-- What operators ask of the database, as one row: the newest sealed place; how
-- many follow the feed, servers and rowcast tail; how full the queue of NOTIFY
-- is, from 0 to 1; and the watched tables, as JSON, with what is wrong with
-- their triggers, which have to be as rowcast.install_triggers makes them.
with expected (name, enabled) as (
    values ('rowcast_begin_insert', 'O'), ('rowcast_begin_update', 'O'), ('rowcast_begin_delete', 'O'),
           ('rowcast_insert', 'O'), ('rowcast_update', 'O'), ('rowcast_delete', 'O'),
           ('rowcast_truncate', 'A'), ('rowcast_replicated', 'R')
), watched as (
    select w.id, w.relation, w.name, w.tenant_column, c.oid is null as gone,
           coalesce(c.oid::regclass::text, format('%I.%I', w.table_schema, w.table_name)) as table_name
      from rowcast.watched w left join pg_class c on c.oid = w.relation
     where w.active
), broken as (
    select w.id, count(*) as triggers,
           array_agg(format('%s on %s', e.name, p.part::regclass) order by p.part::regclass::text, e.name) as names
      from watched w
     cross join lateral (select t.relid from pg_partition_tree(w.relation) t union select w.relation) p (part)
      -- The row trigger of a partitioned table is cloned to its partitions.
      join expected e on e.name <> 'rowcast_replicated' or p.part = w.relation
     where not w.gone and not exists (
               select from pg_trigger g
                where g.tgrelid = p.part and g.tgname = e.name and g.tgenabled = e.enabled::"char"
                  and split_part(encode(g.tgargs, 'escape'), E'\\000', 1) = w.id::text)
     group by w.id
)
select (select s.place from rowcast.seal s order by s.seal desc limit 1),
       (select count(*)
          from pg_locks l
         where l.locktype = 'advisory' and l.mode = 'ShareLock' and l.objsubid = 1
           and l.database = (select d.oid from pg_database d where d.datname = current_database())
           and (l.classid::bigint << 32 | l.objid::bigint) = 8245940711459091462),
       pg_notification_queue_usage(),
       (select coalesce(json_agg(json_strip_nulls(json_build_object(
                   'table', w.table_name, 'name', w.name, 'tenantColumn', w.tenant_column,
                   'ok', not w.gone and b.id is null,
                   'detail', case when w.gone then 'the table was dropped'
                                  when b.id is not null then format(
                                      'not captured in full, repair it with rowcast migrate: %s missing or disabled: %s%s',
                                      case b.triggers when 1 then '1 trigger is' else b.triggers || ' triggers are' end,
                                      array_to_string(b.names[1:8], ', '), case when b.triggers > 8 then ', …' end)
                             end)) order by w.table_name), '[]')
          from watched w left join broken b on b.id = w.id)
