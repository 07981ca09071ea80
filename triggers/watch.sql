-- Watching: which tables are captured. All of it is plain SQL, so that psql
-- and the rowcast command do the same thing.

-- Installs or repairs the triggers of a watched table, on the table itself
-- and, since a write that names a partition fires only the partition's
-- triggers, on every partition. Triggers that are as they should be are left
-- alone, because replacing one locks the table. Returns how many were made.
create or replace function rowcast.install_triggers(watched_id integer) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    target rowcast.watched;
    tenant_number smallint;
    excluded_numbers smallint[];
    arguments text;
    argument text;
    stored_arguments bytea;
    part oid;
    trigger_name name;
    wanted record;
    made integer := 0;
    locked boolean := false;
begin
    select * into strict target from rowcast.watched w where w.id = watched_id and w.active;
    -- The triggers that are there know the numbers of columns renamed since.
    select split_part(a, E'\\000', 2), split_part(a, E'\\000', 3) into tenant_number, excluded_numbers
      from pg_trigger g, encode(g.tgargs, 'escape') a
     where g.tgrelid = target.relation and g.tgname = 'rowcast_insert' and a like watched_id || E'\\\\000%';
    target.tenant_column := rowcast.tenant_column(watched_id, target.tenant_column, tenant_number);
    target.exclude := array(select a.attname from pg_attribute a
                             where a.attrelid = target.relation and a.attnum > 0 and not a.attisdropped
                               and (a.attname = any (target.exclude) or a.attnum = any (excluded_numbers))
                             order by a.attnum);
    update rowcast.watched w set tenant_column = target.tenant_column, exclude = target.exclude
     where w.id = watched_id and (w.tenant_column, w.exclude) <> (target.tenant_column, target.exclude);
    select max(a.attnum) filter (where a.attname = target.tenant_column),
           coalesce(array_agg(a.attnum order by a.attnum) filter (where a.attname = any (target.exclude)), '{}')
      into tenant_number, excluded_numbers
      from pg_attribute a where a.attrelid = target.relation and a.attnum > 0 and not a.attisdropped;
    arguments := format('%L, %L, %L, %L, %L', watched_id, tenant_number, excluded_numbers, target.tenant_column, target.exclude);
    stored_arguments := '';
    foreach argument in array array[
        watched_id::text, tenant_number::text, excluded_numbers::text, target.tenant_column, target.exclude::text]
    loop
        stored_arguments := stored_arguments || convert_to(argument, 'UTF8') || decode('00', 'hex');
    end loop;
    -- A partition that was detached is none of the table's any more.
    for part, trigger_name in
        select g.tgrelid, g.tgname
          from pg_trigger g join pg_proc p on p.oid = g.tgfoid
         where p.pronamespace = 'rowcast'::regnamespace and g.tgparentid = 0
           and encode(g.tgargs, 'escape') like watched_id || E'\\\\000%'
           and g.tgrelid <> target.relation and g.tgrelid not in (select relid from pg_partition_tree(target.relation))
    loop
        execute format('drop trigger %I on %s', trigger_name, part::regclass);
        made := made + 1;
    end loop;
    for part in select p.relid
                  from (select t.relid from pg_partition_tree(target.relation) t union select target.relation) p
                 order by p.relid <> target.relation, p.relid
    loop
        for wanted in
            select * from rowcast.expected_triggers()
        loop
            continue when exists (
                select from pg_trigger g
                 where g.tgrelid = part and g.tgname = wanted.name
                   and g.tgfoid = to_regproc(wanted.function)
                   and rowcast.has_condition(g.oid, wanted.condition)
                   and g.tgargs = stored_arguments and g.tgenabled = wanted.enabled);
            if not locked then
                perform rowcast.lock_parts(target.relation, 'share row exclusive');
                locked := true;
            end if;
            -- A row trigger of a partitioned table is cloned to its partitions.
            if part = target.relation or wanted.scope <> 'for each row' then
                execute format('create or replace trigger %I %s on %s %s %s execute function %s(%s)',
                    wanted.name, wanted.event, part::regclass, wanted.scope, wanted.condition, wanted.function, arguments);
            end if;
            execute format('alter table %s enable %s trigger %I', part::regclass,
                case wanted.enabled when 'A' then 'always' when 'R' then 'replica' else '' end, wanted.name);
            made := made + 1;
        end loop;
    end loop;
    perform rowcast.let_capture_read(target.relation);
    return made;
end $$;

-- The stem of the event names that a table gets if nobody gives one: that of
-- the inventory schema, or the name of the table in letters, digits and dashes.
create or replace function rowcast.stem(table_name text) returns text
language sql immutable as $$
    select case table_name
               when 'stock_movements' then 'stock-movement'
               when 'orders' then 'order'
               when 'purchase_orders' then 'purchase-order'
               when 'skus' then 'sku'
               else trim('-' from regexp_replace(lower(table_name), '[^a-z0-9]+', '-', 'g'))
           end
$$;

-- Starts to watch a table. Refuses, with what to do, a table that has no
-- primary key or no usable tenant column. Watching again changes the settings
-- that are given and keeps the others; at first the tenant column is tenant_id
-- and nothing is excluded. Returns rowcast.watched.id.
create or replace function rowcast.watch(
    target regclass, tenant_column text default null, name text default null, exclude text[] default null
) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    present rowcast.watched;
    class pg_class;
    schema_name text;
    tenant_type oid;
    base_type oid;
    missing text;
    watched_id integer;
begin
    select c.* into strict class from pg_class c where c.oid = target;
    schema_name := class.relnamespace::regnamespace::text;
    select * into present from rowcast.watched w where w.relation = target and w.active;
    tenant_column := coalesce(tenant_column, present.tenant_column, 'tenant_id');
    name := coalesce(name, present.name, rowcast.stem(class.relname));
    exclude := coalesce(exclude, present.exclude, '{}');
    if class.relkind not in ('r', 'p') then
        raise exception '% is not a table', target
            using errcode = 'wrong_object_type', hint = 'Only ordinary and partitioned tables can be watched.';
    elsif schema_name in ('rowcast', 'pg_catalog', 'information_schema') or class.relpersistence = 't' then
        raise exception '% cannot be watched', target
            using errcode = 'wrong_object_type', hint = 'It is a system table, a temporary table or one of Rowcast''s own.';
    elsif class.relispartition then
        raise exception '% is a partition', target
            using errcode = 'wrong_object_type',
                  hint = format('Watch %s, which includes its partitions.', pg_partition_root(target));
    elsif name !~ '^[a-z][a-z0-9-]{0,62}$' then
        raise exception 'event name % is not usable', quote_literal(name)
            using errcode = 'invalid_parameter_value',
                  hint = 'Choose another with --name: lower-case letters, digits and dashes, as in order-item.';
    elsif name in ('dashboard', 'alert', 'stock') then
        raise exception 'the event name % belongs to the inventory events', quote_literal(name)
            using errcode = 'invalid_parameter_value', hint = 'Choose another with --name.';
    elsif not exists (select from pg_index i where i.indrelid = target and i.indisprimary) then
        raise exception '% has no primary key', target
            using errcode = 'object_not_in_prerequisite_state',
                  hint = format('Clients could not tell its rows apart. Add one: alter table %s add primary key (...).', target);
    end if;
    select a.atttypid into tenant_type from pg_attribute a
     where a.attrelid = target and a.attname = tenant_column and a.attnum > 0 and not a.attisdropped;
    if not found then
        raise exception '% has no column %', target, quote_ident(tenant_column)
            using errcode = 'undefined_column', hint = 'Name the column that holds the tenant: --tenant-column.';
    end if;
    if exists (select from pg_attribute a where a.attrelid = target and a.attname = tenant_column and a.attgenerated = 'v') then
        raise exception 'column % of % is computed when it is read', quote_ident(tenant_column), target
            using errcode = 'datatype_mismatch', hint = 'A trigger does not see the value of a virtual column. Make it stored, or name another: --tenant-column.';
    end if;
    loop
        base_type := (select nullif(t.typbasetype, 0) from pg_type t where t.oid = coalesce(base_type, tenant_type));
        exit when base_type is null;
        tenant_type := base_type;
    end loop;
    if tenant_type not in ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype) then
        raise exception 'column % of % has type %', quote_ident(tenant_column), target, format_type(tenant_type, null)
            using errcode = 'datatype_mismatch', hint = 'A tenant is a uuid, text, varchar, smallint, integer or bigint.';
    end if;
    select e into missing from unnest(exclude) e
     where not exists (select from pg_attribute a
                        where a.attrelid = target and a.attname = e and a.attnum > 0 and not a.attisdropped)
     limit 1;
    if found then
        raise exception '% has no column %', target, quote_ident(missing)
            using errcode = 'undefined_column', hint = 'Correct the list of excluded columns.';
    elsif tenant_column = any(exclude) then
        raise exception 'the tenant column % cannot be excluded', quote_ident(tenant_column)
            using errcode = 'invalid_parameter_value',
                  hint = 'Clients get rows by their tenant. Leave it out of the list of excluded columns.';
    end if;
    select a.attname into missing
      from pg_index i join pg_attribute a on a.attrelid = target and a.attnum = any (i.indkey)
     where i.indrelid = target and i.indisprimary and a.attname = any (exclude)
     limit 1;
    if found then
        raise exception 'column % of the primary key cannot be excluded', quote_ident(missing)
            using errcode = 'invalid_parameter_value', hint = 'Clients could not tell the rows apart.';
    end if;
    perform rowcast.unwatch_dropped();
    if exists (select from rowcast.watched w where w.active and w.name = watch.name and w.relation <> target) then
        raise exception 'the name % is taken by another watched table', quote_literal(name)
            using errcode = 'duplicate_object', hint = 'Choose another with --name.';
    end if;
    if exists (select from rowcast.watched w where w.relation = target and w.active and w.exclude <> watch.exclude) then
        -- What it knows of columns renamed since is overruled.
        perform rowcast.lock_parts(target, 'access exclusive');
        execute format('drop trigger if exists rowcast_insert on %s', target);
    end if;
    -- What was captured keeps the name it was captured under.
    update rowcast.watched w set active = false
     where w.relation = target and w.active and (w.name, w.table_name) <> (watch.name, class.relname);
    insert into rowcast.watched as w (relation, table_schema, table_name, tenant_column, name, exclude)
    values (target, schema_name, class.relname, tenant_column, name, exclude)
    on conflict (relation) where active do update
        set table_schema = excluded.table_schema, table_name = excluded.table_name,
            tenant_column = excluded.tenant_column, name = excluded.name, exclude = excluded.exclude
    returning w.id into watched_id;
    perform rowcast.install_triggers(watched_id);
    return watched_id;
end $$;

-- Removes the triggers of a watched table and its partitions.
create or replace function rowcast.remove_triggers(target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    part oid;
    trigger_name name;
begin
    perform rowcast.lock_parts(target, 'access exclusive');
    for part, trigger_name in
        select g.tgrelid, g.tgname
          from pg_trigger g join pg_proc p on p.oid = g.tgfoid
         where g.tgrelid in (select relid from pg_partition_tree(target) union select target)
           and p.pronamespace = 'rowcast'::regnamespace and g.tgparentid = 0
    loop
        execute format('drop trigger %I on %s', trigger_name, part::regclass);
    end loop;
end $$;

-- Stops to watch a table. What the log holds stays readable. Returns false if
-- the table was not watched.
create or replace function rowcast.unwatch(target regclass) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update rowcast.watched w set active = false where w.relation = target and w.active;
    if not found then
        return false;
    end if;
    perform rowcast.remove_triggers(target);
    return true;
end $$;

-- Adopts a table of the reference inventory schema if the database has one:
-- watches it, or repairs its triggers. Settings made by hand and an explicit
-- unwatch are respected. Returns what was done, in words.
create or replace function rowcast.adopt_table(relation oid, name text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    target constant regclass := relation;
    known rowcast.watched;
    made integer;
    reason text;
    advice text;
begin
    if target is null then
        return 'no such table';
    end if;
    select * into known from rowcast.watched w where w.relation = target order by w.active desc, w.id desc limit 1;
    if known.id is null then
        perform rowcast.watch(target, name => name);
        return 'watched';
    elsif not known.active then
        return 'left alone: it was unwatched';
    end if;
    made := rowcast.install_triggers(known.id);
    return case made when 0 then 'already watched' else format('repaired: %s triggers', made) end;
exception
    when wrong_object_type or object_not_in_prerequisite_state or undefined_column or datatype_mismatch
        or duplicate_object or insufficient_privilege then
        if sqlstate like '55%' and sqlstate <> '55000' then
            raise; -- the whole class is caught, but a lock timeout is no reason to skip
        end if;
        get stacked diagnostics reason = message_text, advice = pg_exception_hint;
        if sqlstate = '42501' then
            advice := 'Run rowcast migrate as the role that owns the table and schema rowcast.';
        end if;
        return format('skipped: %s. %s', reason, advice);
end $$;

-- The same for the table of a name, by the search_path of the session.
create or replace function rowcast.adopt(table_name text, name text) returns text
language sql
return rowcast.adopt_table(pg_catalog.to_regclass(table_name)::oid, name);
