-- Watching: which tables are captured. All of it is plain SQL, so that psql
-- and the rowcast command do the same thing.

-- The name that a wanted trigger gets. PostgreSQL clones a row trigger under its name
-- to whatever is attached, which may be watched by itself: that of a partitioned
-- table has a name of its own, so that attaching does not fail.
create or replace function rowcast.trigger_name(wanted text, trigger_type smallint, watched_id integer, relation oid) returns text
language sql stable as $$
    select wanted || case when trigger_type & 1 = 1 and exists (select from pg_partitioned_table p where p.partrelid = trigger_name.relation)
                          then '_' || watched_id else '' end
$$;

-- Installs or repairs the triggers of a watched table, on the table itself
-- and, since a write that names a partition fires only the partition's
-- triggers, on every partition. Triggers that are as they should be are left
-- alone, because replacing one locks the table; others of ours go. What the
-- triggers know of columns that were renamed counts, unless it is overruled.
-- Returns how many were made.
--
-- A trigger of a partition knows that it is one: a blank follows the first brace
-- in the list of excluded columns, which capture looks at only where it costs
-- nothing. A partition that was detached is none of the table's any more.
create or replace function rowcast.install_triggers(watched_id integer, overrule boolean default false) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    target rowcast.watched;
    numbered boolean;
    tenant_number smallint;
    excluded_numbers smallint[];
    present text[];
    drops text[];
    creates text[] := '{}';
    this_part oid;
    is_part boolean;
    wanted record;
    literals text;
    statement text;
    own boolean; -- capture functions
    made integer := 0;
begin
    select * into strict target from rowcast.watched w where w.id = watched_id and w.active for update;
    target.relation := rowcast.relation_of(watched_id);
    numbered := coalesce(rowcast.numbered(watched_id, target.relation) = target.relation, false);
    if numbered and not overrule then
        select g.arguments[2], g.arguments[3] into tenant_number, excluded_numbers
          from rowcast.present_triggers() g
         where g.relation = target.relation and not g.is_part and g.function = 'rowcast.capture'
         order by g.watched = watched_id desc, g.name desc limit 1;
    elsif not numbered and not rowcast.has_columns(target.relation, target.exclude) then
        raise exception '% came with a dump and lacks columns that were excluded: %', target.relation::regclass, array_to_string(target.exclude, ', ')
            using errcode = 'undefined_column',
                  hint = format('If they were renamed, clients must not get them. Say which columns to exclude: rowcast watch %s --exclude ...', target.relation::regclass);
    end if;
    target.tenant_column := rowcast.tenant_column(watched_id, target.relation, target.tenant_column, tenant_number);
    if target.tenant_column is null then
        raise exception '% came with a dump and lacks its tenant column', target.relation::regclass
            using errcode = 'undefined_column', hint = format('Name the column that holds the tenant: rowcast watch %s --tenant-column ...', target.relation::regclass);
    end if;
    target.exclude := array(select a.attname from pg_attribute a
                             where a.attrelid = target.relation and a.attnum > 0 and not a.attisdropped
                               and (a.attname = any (target.exclude) or a.attnum = any (excluded_numbers))
                             order by a.attnum);
    update rowcast.watched w set tenant_column = target.tenant_column, exclude = target.exclude
     where w.id = watched_id and (w.tenant_column, w.exclude) <> (target.tenant_column, target.exclude);
    if not numbered or found then
        perform rowcast.mark_written(watched_id, target.relation);
    end if;
    select max(a.attnum) filter (where a.attname = target.tenant_column),
           coalesce(array_agg(a.attnum order by a.attnum) filter (where a.attname = any (target.exclude)), '{}')
      into tenant_number, excluded_numbers
      from pg_attribute a where a.attrelid = target.relation and a.attnum > 0 and not a.attisdropped;
    own := rowcast.make_captures(watched_id, target.relation, target.exclude, excluded_numbers);
    -- A partition that was detached is none of the table's any more, and those under other names would capture once more.
    drops := array(
        select format('drop trigger %I on %s', g.name, g.relation::regclass)
          from rowcast.present_triggers() g left join pg_partition_tree(target.relation) t on t.relid = g.relation
         where g.parent = 0 and case when t.relid is not null or g.relation = target.relation
                                     then g.name::text not in (select rowcast.trigger_name(e.name, e.type, watched_id, target.relation) from rowcast.wanted_triggers() e)
                                     else g.watched = watched_id end);
    present := array(
        select format('%s %s', s.part, s.wanted)
          from rowcast.trigger_states() s join rowcast.present_triggers() g on g.relation = s.part and g.name = s.trigger_name
          join pg_trigger q on q.oid = g.oid
         where s.watched = watched_id and s.as_installed and g.name = rowcast.trigger_name(s.wanted, g.type, watched_id, target.relation) and g.arguments[2:3] = array[tenant_number::text, excluded_numbers::text]
           and q.tgfoid = to_regproc(case when own then rowcast.own_capture(g.function, watched_id) else g.function end));
    for this_part, is_part in
        select p.relid, p.relid <> target.relation
          from (select t.relid from pg_partition_tree(target.relation) t union select target.relation) p order by 2, 1
    loop
        for wanted in
            select e.*, rowcast.trigger_name(e.name, e.type, watched_id, target.relation) as given_name
              from rowcast.wanted_triggers() e where format('%s %s', this_part, e.name) <> all (present)
        loop
            -- A row trigger of a partitioned table is cloned to its partitions.
            if not is_part or wanted.type & 1 = 0 then
                select string_agg(quote_literal(a), ', ' order by n) into literals
                  from unnest(array[watched_id::text, tenant_number::text, excluded_numbers::text, target.tenant_column,
                                    case when is_part and wanted.type & 1 = 0 then '{ ' || substr(target.exclude::text, 2) else target.exclude::text end,
                                    target.name, target.audience]) with ordinality l (a, n)
                 where a is not null;
                creates := creates || format('create or replace trigger %I %s on %s %s execute function %s(%s)',
                    wanted.given_name, wanted.event, this_part::regclass, wanted.scope,
                    case when own then rowcast.own_capture(wanted.function, watched_id) else wanted.function end, literals);
            end if;
            creates := creates || format('alter table %s enable %s trigger %I', this_part::regclass,
                case wanted.enabled when 'A' then 'always' when 'R' then 'replica' else '' end, wanted.given_name);
            made := made + 1;
        end loop;
    end loop;
    if drops || creates <> '{}' then
        perform rowcast.lock_parts(target.relation, case when drops <> '{}' then 'access exclusive' else 'share row exclusive' end);
        foreach statement in array drops || creates loop
            execute statement;
        end loop;
    end if;
    made := made + cardinality(drops);
    perform rowcast.drop_captures();
    perform rowcast.let_capture_look();
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

-- Watches a table no longer under a number. What was logged under it stays that of the
-- table, whatever has the name later. Nobody reads its rows for clients any more.
create or replace function rowcast.retire(watched_id integer, relation oid) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    update rowcast.watched w set active = false where w.id = watched_id;
    select rowcast.mark_written(watched_id, relation);
    select rowcast.let_services_read(w.id) from rowcast.watched w where w.id = watched_id and w.readable
$$;

drop function if exists rowcast.watch(regclass, text, text, text[]), rowcast.watch(regclass, text, text, text[], text);

-- Starts to watch a table. Refuses, with what to do, a table that has no
-- primary key or no usable tenant column. Watching again changes the settings
-- that are given and keeps the others. At first the tenant column is tenant_id and
-- nothing is excluded. Rows are for the whole tenant, and servers may not read the table.
-- An empty audience makes rows so again. Returns rowcast.watched.id.
create or replace function rowcast.watch(
    target regclass, tenant_column text default null, name text default null, exclude text[] default null, audience text default null,
    readable boolean default null
) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    present rowcast.watched;
    class pg_class;
    schema_name text;
    tenant_type oid;
    audience_type oid;
    former_audience text;
    missing text;
    watched_id integer;
    overrule boolean;
    written boolean;
begin
    perform rowcast.find_watched();
    select c.* into strict class from pg_class c where c.oid = target;
    schema_name := class.relnamespace::regnamespace::text;
    select * into present from rowcast.watched w where w.relation = target and w.active;
    tenant_column := coalesce(tenant_column, present.tenant_column, 'tenant_id');
    name := coalesce(name, present.name, rowcast.stem(class.relname));
    overrule := exclude is not null or present.id is null;
    written := overrule or rowcast.numbered(present.id, target) is not null;
    exclude := coalesce(exclude, present.exclude, '{}');
    -- For whom rows are belongs to the table, also while it was not watched.
    select w.audience into former_audience from rowcast.watched w where w.relation = target order by w.active desc, w.id desc limit 1;
    audience := nullif(coalesce(audience, former_audience), '');
    readable := coalesce(readable, present.readable, false);
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
    elsif readable and class.relrowsecurity and not rowcast.is_covered(target) then
        raise exception '% has row security, and no policy covers it', target
            using errcode = 'object_not_in_prerequisite_state',
                  hint = 'Servers read its rows for every client, past the security. Write a policy that says who sees which, and run rowcast policy apply; then --readable.';
    elsif exists (select from rowcast.heirs(target) h (oid) join pg_class f on f.oid = h.oid where f.relkind = 'f') then
        raise exception 'a foreign table inherits from %', target
            using errcode = 'wrong_object_type',
                  hint = 'Updates and deletes through the table would fail, since PostgreSQL does not show triggers the rows of a foreign table.';
    end if;
    select a.atttypid into tenant_type from pg_attribute a
     where a.attrelid = target and a.attname = tenant_column and a.attnum > 0 and not a.attisdropped;
    if not found then
        raise exception '% has no column %', target, quote_ident(tenant_column)
            using errcode = 'undefined_column', hint = 'Name the column that holds the tenant: --tenant-column.';
    end if;
    if exists (select from pg_attribute a where a.attrelid = target and a.attname = tenant_column and not rowcast.is_shown(target, a.attgenerated)) then
        raise exception 'column % of % is generated, and PostgreSQL does not show triggers its value', quote_ident(tenant_column), target
            using errcode = 'datatype_mismatch',
                  hint = 'It is virtual, or a partition has its columns in another order. Make it stored, and the partitions alike, or name another: --tenant-column.';
    end if;
    tenant_type := (rowcast.base_type(tenant_type)).oid;
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
    if audience is not null then
        select (rowcast.base_type(a.atttypid)).oid into audience_type from pg_attribute a
         where a.attrelid = target and a.attname = audience and a.attnum > 0 and not a.attisdropped and rowcast.is_shown(target, a.attgenerated);
        if not found then
            raise exception '% has no column % that says for whom a row is', target, quote_ident(audience)
                using errcode = 'undefined_column', hint = 'Name one that PostgreSQL shows triggers, --audience user_id; or none, --audience "", if rows are for the whole tenant.';
        elsif audience_type not in ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype) then
            raise exception 'column % of % has type %', quote_ident(audience), target, format_type(audience_type, null)
                using errcode = 'datatype_mismatch', hint = 'It is compared with the subject of tokens: a uuid, text, varchar, smallint, integer or bigint.';
        elsif audience = any (exclude) then
            raise exception 'column % says for whom a row is, so it cannot be excluded', quote_ident(audience)
                using errcode = 'invalid_parameter_value', hint = 'Leave it out of the list of excluded columns, or give another: --audience.';
        end if;
    end if;
    perform rowcast.retire(w.id, w.relation) from rowcast.watched w
     where w.active and w.name = watch.name and not exists (select from pg_class c where c.oid = rowcast.relation_of(w.id));
    if exists (select from rowcast.watched w where w.active and w.name = watch.name and w.relation <> target) then
        raise exception 'the name % is taken by another watched table', quote_literal(name)
            using errcode = 'duplicate_object', hint = 'Choose another with --name.';
    end if;
    -- What was captured keeps the name it was captured under.
    perform rowcast.retire(w.id, target) from rowcast.watched w
     where w.relation = target and w.active and (w.name, w.table_name) <> (watch.name, class.relname);
    insert into rowcast.watched as w (relation, table_schema, table_name, tenant_column, name, exclude, audience, readable)
    values (target, schema_name, class.relname, tenant_column, name, exclude, audience, readable)
    on conflict (relation) where active do update
        set table_schema = excluded.table_schema, table_name = excluded.table_name,
            tenant_column = excluded.tenant_column, name = excluded.name, exclude = excluded.exclude, audience = excluded.audience,
            readable = excluded.readable
    returning w.id into watched_id;
    if audience is distinct from former_audience then
        perform rowcast.rules_changed();
    end if;
    if written then
        perform rowcast.mark_written(watched_id, target);
    end if;
    -- What was watched by itself before it became a partition is captured as part of the table.
    perform rowcast.retire(w.id, rowcast.relation_of(w.id)) from rowcast.watched w
     where w.active and w.id <> watched_id and rowcast.relation_of(w.id) in (select t.relid from pg_partition_tree(target) t);
    perform rowcast.install_triggers(watched_id, overrule);
    if readable or present.readable then
        perform rowcast.let_services_read(watched_id);
    end if;
    for missing in select rowcast.why_not_readable(watched_id, r) from rowcast.service_roles() r where readable loop
        if missing is not null then
            raise exception 'rows of % cannot be read for clients: %', target, missing
                using errcode = 'insufficient_privilege', hint = 'Run it as the owner of the table, or do what it says first.';
        end if;
    end loop;
    for missing in select i.detail from rowcast.inheritance(watched_id) i loop
        raise warning '%: %', target, missing;
    end loop;
    for missing in select r.detail from rowcast.wide_rows(watched_id) r loop
        raise notice '%: %', target, missing;
    end loop;
    return watched_id;
end $$;

-- The watched tables, or the one, whose rows have on the average at least 16 kB outside of
-- the row itself, in words. Which of the captured columns that can be stored there are
-- wide, only the rows know.
create or replace function rowcast.wide_rows(watched_id integer default null) returns table (watched integer, table_name text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.id, t.relation::regclass::text,
           format('a row has about %s kB outside of itself, in columns such as %s: an insert, update or delete of it converts and logs them; '
                  'exclude what clients do not need, as in rowcast watch %s --exclude %s', t.bytes / 1024, array_to_string(t.columns, ', '), t.relation::regclass,
                  array_to_string(t.exclude || t.columns[cardinality(t.columns)], ','))
      from (select w.id, r.relation, w.exclude, s.bytes,
                   array(select c.name::text from rowcast.written_columns(w.id, r.relation, w.exclude, '{}', false) c
                           join pg_attribute a on a.attrelid = r.relation and a.attnum = c.number
                          where a.attstorage in ('x', 'e') and c.name <> w.tenant_column and c.name <> all (coalesce(rowcast.key_columns(r.relation), '{}')) order by c.number) as columns
              from rowcast.watched w
             cross join lateral rowcast.relation_of(w.id) r (relation)
             cross join lateral (
                       select (sum(pg_relation_size(c.reltoastrelid)) / nullif(sum(greatest(c.reltuples, pg_stat_get_live_tuples(c.oid))), 0))::bigint as bytes
                         from pg_class c where c.relkind = 'r' and (c.oid = r.relation or c.oid in (select p.relid from pg_partition_tree(r.relation) p))) s
             where w.active and w.id = coalesce(wide_rows.watched_id, w.id)) t
     where t.bytes >= 16384 and t.columns <> '{}' order by 2
$$;

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
    perform rowcast.find_watched();
    perform rowcast.retire(w.id, target) from rowcast.watched w where w.relation = target and w.active;
    if not found then
        return false;
    end if;
    update rowcast.watched w set readable = false where w.relation = target and w.readable;
    perform rowcast.remove_triggers(target);
    perform rowcast.drop_captures();
    perform rowcast.let_capture_look();
    return true;
end $$;

-- Finds the watched tables again in a database that was restored from a dump, also
-- those that only their triggers know of, because the dump had no rows of
-- rowcast.watched. Their triggers have to be installed anew before numbers count.
create or replace function rowcast.find_watched() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    ids integer[];
    relations oid[];
    present oid;
begin
    insert into rowcast.watched (id, relation, table_schema, table_name, tenant_column, name, exclude, audience)
    overriding system value
    select distinct on (g.watched) g.watched, g.relation, n.nspname, c.relname, g.arguments[4],
           coalesce(g.arguments[6], rowcast.stem(c.relname)), g.arguments[5]::text[], g.arguments[7]
      from rowcast.present_triggers() g join pg_class c on c.oid = g.relation join pg_namespace n on n.oid = c.relnamespace
     where g.function = 'rowcast.capture' and not g.is_part and g.parent = 0 and not c.relispartition
       and not exists (select from rowcast.watched w where w.id = g.watched or w.active and w.relation = g.relation)
     order by g.watched, g.relation;
    if found then
        perform setval(pg_get_serial_sequence('rowcast.watched', 'id'), max(w.id)) from rowcast.watched w;
    end if;
    select array_agg(f.id), array_agg(f.relation) into ids, relations
      from (select w.id, rowcast.relation_of(w.id) as relation from rowcast.watched w
             where w.active and w.xmin is distinct from w.written order by w.id) f
      join pg_class c on c.oid = f.relation;
    if ids is not null then
        -- Two may have changed their numbers.
        update rowcast.watched w set relation = (4294967295 - w.id)::oid where w.id = any (ids);
        for i in 1..cardinality(ids) loop
            present := relations[i];
            update rowcast.watched w set relation = present, active = not exists (
                       select from rowcast.watched o where o.relation = present and o.active and o.id <> w.id)
             where w.id = ids[i];
        end loop;
    end if;
    update rowcast.watched w set relation = coalesce(to_regclass(format('%I.%I', w.table_schema, w.table_name)), 0)
     where not w.active and w.xmin is distinct from w.written
       and w.relation <> coalesce(to_regclass(format('%I.%I', w.table_schema, w.table_name)), 0);
end $$;

-- Makes what is watched agree with the names that people watch: where a name means
-- another table than when it was watched, that one is watched, with the same
-- settings, and the old one is not any more. A table that is gone, or has become a
-- partition of a watched one, is no longer watched by itself. Returns what was
-- done, in words; what cannot be watched is refused as by rowcast.watch.
create or replace function rowcast.follow_names() returns table (table_name text, did text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    known rowcast.watched;
    moved rowcast.watched[] := '{}';
    present oid;
    namesake oid;
begin
    perform rowcast.find_watched();
    for known in select * from rowcast.watched w where w.active order by w.id loop
        present := (select c.oid from pg_class c where c.oid = rowcast.relation_of(known.id));
        namesake := (select c.oid from pg_class c
                      where c.oid = to_regclass(format('%I.%I', known.table_schema, known.table_name)) and c.relkind in ('r', 'p', 'f'));
        follow_names.table_name := format('%I.%I', known.table_schema, known.table_name);
        if namesake <> present or present is null and namesake is not null or rowcast.name_drift(known.id) is not null then
            moved := moved || known;
        elsif present is null then
            perform rowcast.retire(known.id, known.relation);
            did := format('no longer watched: it was dropped; if it is back: rowcast watch %s', follow_names.table_name);
            return next;
        elsif exists (select from pg_partition_ancestors(present) a join rowcast.watched w on w.active and w.id <> known.id and rowcast.relation_of(w.id) = a.relid) then
            perform rowcast.retire(known.id, present);
            did := format('no longer watched by itself: it is a partition of %s', pg_partition_root(present)::regclass);
            return next;
        end if;
    end loop;
    perform rowcast.retire(m.id, m.relation) from unnest(moved) m;
    perform rowcast.remove_triggers(c.oid)
       from unnest(moved) m join pg_class c on c.oid = m.relation and c.relkind in ('r', 'p');
    foreach known in array moved loop
        follow_names.table_name := format('%I.%I', known.table_schema, known.table_name);
        perform rowcast.watch(follow_names.table_name::regclass, known.tenant_column, known.name, known.exclude, coalesce(known.audience, ''),
            known.readable and (rowcast.is_covered(to_regclass(follow_names.table_name)) or not exists (
                select from pg_class c where c.oid = to_regclass(follow_names.table_name) and c.relrowsecurity)));
        did := case when exists (select from pg_class c where c.oid = known.relation)
                    then format('watched in place of %s, which had the name', known.relation::regclass)
                    else 'watched in place of the table that had the name and was dropped' end;
        return next;
    end loop;
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
    -- A table that was made anew under the name is what was unwatched.
    select w.* into known from rowcast.watched w join pg_class c on c.oid = target
     where w.relation = target or (w.table_schema, w.table_name) = (c.relnamespace::regnamespace::text, c.relname)
     order by w.relation = target and w.active desc, w.id desc limit 1;
    if known.id is null then
        perform rowcast.watch(target, name => name);
        return 'watched';
    elsif not known.active then
        return case when known.relation = target then 'left alone: it was unwatched'
                    else format('left alone: one of this name was unwatched, or dropped; if it is to be watched: rowcast watch %s', target) end;
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

-- Early versions called them.
drop function if exists rowcast.install_triggers(integer), rowcast.unwatch_dropped();
