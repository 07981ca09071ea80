-- Rows that clients may read. A table is opened with rowcast.watch(..., readable => true).
-- Then the service roles may select the columns that are not excluded, and servers read
-- rows for clients that begin. Only a server reads: clients get what their view shows.

-- The roles that servers run as: those that may seal.
create or replace function rowcast.service_roles() returns setof regrole
language sql stable as $$
    select a.grantee::regrole
      from pg_proc p cross join aclexplode(p.proacl) a
     where p.pronamespace = (select n.oid from pg_namespace n where n.nspname = 'rowcast') and p.proname = 'seal' and a.privilege_type = 'EXECUTE' and a.grantee not in (0, p.proowner)
$$;

-- Whether a role has the rights of a table's owner, or is above all rights.
create or replace function rowcast.acts_as_owner(role regrole, relation oid) returns boolean
language sql stable
return (select r.rolsuper from pg_roles r where r.oid = role) or (select pg_has_role(role, c.relowner, 'usage') from pg_class c where c.oid = relation);

-- The numbers of the columns that are excluded, by what the triggers know.
create or replace function rowcast.excluded_numbers(watched_id integer, relation oid) returns smallint[]
language sql stable as $$
    select coalesce((select g.arguments[3]::smallint[] from rowcast.present_triggers() g
                      where g.relation = excluded_numbers.relation and g.watched = watched_id and not g.is_part and g.function = 'rowcast.capture'
                      limit 1), '{}')
$$;

-- Gives the service roles the right to read a watched table as far as it is opened, and
-- takes what they had beyond that. An owner of the table is left alone. Only an owner can
-- give anything; what is missing then, why_not_readable finds.
create or replace function rowcast.let_services_read(watched_id integer) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    target oid;
    space regnamespace;
    open rowcast.watched;
    columns text;
    role regrole;
begin
    select c.oid, c.relnamespace into target, space from pg_class c where c.oid = rowcast.relation_of(watched_id);
    if target is null then
        return;
    end if;
    select * into open from rowcast.watched w where w.active and w.readable and rowcast.relation_of(w.id) = target;
    if open.exclude <> '{}' then
        select string_agg(quote_ident(c.name), ', ' order by c.number) into columns
          from rowcast.written_columns(open.id, target, open.exclude, rowcast.excluded_numbers(open.id, target), false) c;
    end if;
    for role in select r from rowcast.service_roles() r where not rowcast.acts_as_owner(r, target) loop
        begin
            execute format('revoke select on %s from %s', target::regclass, role); -- that of single columns, too
            if open.id is not null then
                execute format('grant select %s on %s to %s', '(' || columns || ')', target::regclass, role);
                if not has_schema_privilege(role, space, 'usage') then
                    execute format('grant usage on schema %s to %s', space, role);
                end if;
            end if;
        exception when insufficient_privilege then
            null;
        end;
    end loop;
end $$;

-- Why a role cannot read the rows of a watched table for clients, in words that are for
-- operators; null if it can. Row security does not know the clients of a server. Where a
-- policy covers the table its rules decide, and a role has to read past the security.
-- Where none does, that would show every row.
create or replace function rowcast.why_not_readable(watched_id integer, role regrole) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    target constant oid := rowcast.relation_of(watched_id);
    class pg_class;
    watched rowcast.watched;
    missing text;
begin
    select * into watched from rowcast.watched w where w.id = watched_id;
    select * into class from pg_class c where c.oid = target;
    if class.oid is null or not watched.active then
        return 'it is not watched any more';
    elsif not watched.readable then
        return format('it is not opened; run: rowcast watch %s --readable', target::regclass);
    elsif class.relrowsecurity and not rowcast.is_covered(target) then
        return format('%s has row security, and no policy covers it; write one, and run: rowcast policy apply <file>', target::regclass);
    elsif class.relrowsecurity and not exists (select from pg_roles r where r.oid = role and (r.rolsuper or r.rolbypassrls))
          and (class.relforcerowsecurity or not pg_has_role(role, class.relowner, 'usage')) then
        return format('row security hides rows of %s from role %s; a policy covers it, so run: alter role %2$s bypassrls', target::regclass, role);
    elsif not has_schema_privilege(role, class.relnamespace, 'usage') then
        return format('role %s lacks usage on schema %s; as owner of that run: grant usage on schema %2$s to %1$s', role, class.relnamespace::regnamespace);
    end if;
    select string_agg(quote_ident(c.name), ', ' order by c.number) into missing
      from rowcast.written_columns(watched_id, target, watched.exclude, rowcast.excluded_numbers(watched_id, target), false) c
     where not has_column_privilege(role, target, c.number, 'select');
    if missing is null then
        return null;
    end if;
    return format('role %s may not select %s of %s; as its owner run: rowcast watch %3$s --readable', role, missing, target::regclass);
end $$;

-- Whether the active policy has rules for a table.
create or replace function rowcast.is_covered(relation oid) returns boolean
language sql stable
return exists (select from rowcast.policy p where p.state = 'active' and is_covered.relation = any (p.relations));

-- What a server has to know to read rows of the table with a stem for a tenant. First the
-- table as a number and by its name, and why the role cannot read it. Touch is a statement
-- that locks the table as far as reading does. Statement reads rows "r" as capture writes
-- them, and ends in a condition: those of the tenant, which is parameter 1. They are found by
-- the column as it is, so that an index serves, and by the bytes of its text, by which
-- tenants differ. Parameter 2 are the texts of the subjects for whom rows may be. Then the
-- columns of the key, and all that are written with their types. Casts are the types that
-- values of conditions are cast to, of domains the one below. Files is for present_files_of.
create or replace function rowcast.rows_of(stem text, tenant text, role regrole)
returns table (relation bigint, table_name text, refusal text, touch text, statement text, key text[], names text[], types text[], casts text[],
               audience text, kind text, files text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query
        select c.oid::bigint, c.relname::text, rowcast.why_not_readable(w.id, role),
               format('select r.%I from %s r where false', (rowcast.key_columns(c.oid))[1], n.source),
               format('select %s from %s r where %s and %s', rowcast.image(w.id, c.oid, w.exclude, n.numbers, false), n.source,
                   case when (rowcast.written_values(array[b.oid], array[-1], array[rows_of.tenant]))[1] is null then '$1::pg_catalog.text is null'
                        else format('r.%I = $1::pg_catalog.text::%s and %s = $1::pg_catalog.text', t.name, format_type(b.oid, -1), rowcast.tenant_of_row(t.name)) end,
                   case when o.oid is null then '$2::pg_catalog.text[] is not null'
                        else format('(r.%I is null or pg_catalog.concat(r.%1$I) collate "C" = any ($2::pg_catalog.text[]))', w.audience) end),
               rowcast.key_columns(c.oid), l.names, l.types, l.casts, w.audience,
               case when o.oid = 'uuid'::regtype then 'uuid' when o.oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) then 'integer'
                    when o.oid in ('text'::regtype, 'character varying'::regtype) then 'text' else 'other' end,
               rowcast.files_of(c.oid)
          from rowcast.watched w
          join pg_class c on c.oid = rowcast.relation_of(w.id)
         cross join lateral (select format('%s.%I', c.relnamespace::regnamespace, c.relname) as source, rowcast.excluded_numbers(w.id, c.oid) as numbers) n
         cross join lateral (select rowcast.tenant_column(w.id, c.oid, w.tenant_column, null::smallint) as name) t
          join pg_attribute a on a.attrelid = c.oid and a.attname = t.name and not a.attisdropped
         cross join lateral (select (rowcast.base_type(a.atttypid)).oid) b
          left join pg_attribute d on d.attrelid = c.oid and d.attname = w.audience and not d.attisdropped
         cross join lateral (select (rowcast.base_type(d.atttypid)).oid) o
         cross join lateral (
                   select array_agg(f.name::text order by f.number) as names, array_agg(format_type(f.type, p.atttypmod) order by f.number) as types,
                          array_agg(format_type((rowcast.base_type(f.type)).oid, -1) order by f.number) as casts
                     from rowcast.written_columns(w.id, c.oid, w.exclude, n.numbers, false) f
                     join pg_attribute p on p.attrelid = c.oid and p.attnum = f.number) l
         where w.active and w.name = rows_of.stem
         order by w.id;
end $$;

-- The files of a table and its partitions, as the snapshot has them. Where they differ
-- from those that there are, the table was truncated or rewritten since the snapshot was
-- taken, and its rows cannot be seen in it.
create or replace function rowcast.files_of(relation oid) returns text
language sql stable
return (select string_agg(c.relfilenode::text, ' ' order by c.oid)
          from pg_class c
         where c.oid = files_of.relation or c.oid in (select t.relid from pg_partition_tree(files_of.relation) t));

-- The files that there are, whatever the snapshot. The caller has to hold a lock on the table.
create or replace function rowcast.present_files_of(relation oid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select string_agg(coalesce(pg_relation_filenode(c.oid), 0)::text, ' ' order by c.oid)
      from pg_class c
     where c.oid = present_files_of.relation or c.oid in (select t.relid from pg_partition_tree(present_files_of.relation) t)
$$;
