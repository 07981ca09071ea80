-- How a row is written down: which column is the tenant, which are left out, and what a
-- value becomes. Capture runs this as its owner, for tables of others, and PostgreSQL
-- calls a cast to json or text that the owner of a type has made. So a row is converted
-- as a whole if no column has such a type. Else it is converted column by column, by
-- the output functions of types, which it takes a superuser to make.

-- The present name of the tenant column of a table that is watched, or of a
-- partition. The name that was given counts; if it is gone, the column was renamed.
-- Null if that cannot be known; the table has drifted then, and says so.
create or replace function rowcast.tenant_column(watched_id integer, relation oid, given text, number smallint) returns text
language plpgsql as $$
declare
    target constant oid := rowcast.numbered(watched_id, tenant_column.relation);
    found_name text;
begin
    select a.attname into found_name
      from pg_attribute a
     where a.attrelid = coalesce(target, tenant_column.relation) and a.attnum > 0 and not a.attisdropped
       and (a.attname = given or target is not null and a.attnum = number)
     order by a.attname = given desc limit 1;
    if found_name is null and target is not null then
        raise exception 'the tenant column % of % is gone, so its changes belong to nobody', quote_ident(given), target::regclass
            using errcode = 'undefined_column',
                  hint = format('Run select rowcast.watch(%L, tenant_column => ...) or select rowcast.unwatch(%1$L).', target::regclass);
    end if;
    return found_name;
end $$;

-- The tenant of a row "r", as an expression. This is the one rule by which tenants are
-- distinguished, from here to the clients: by the bytes of the text, whatever the
-- collation of the column takes for equal. A value is made text by the output function
-- of its type, not by a cast: anybody can make one for a type of his. Empty if it is
-- null; null if there is no such column.
create or replace function rowcast.tenant_of_row(column_name text) returns text
language sql immutable
return coalesce('(pg_catalog.concat(r.' || quote_ident(column_name) || ') collate "C")', 'null::text');

-- Whether PostgreSQL shows a trigger the value of a column. It does not show that of a
-- virtual one, and to compute it can fail. A stored one it shows as null where a row was
-- inserted through a table into a partition whose columns lie otherwise.
create or replace function rowcast.is_shown(relation oid, generated "char") returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    root constant oid := pg_partition_root(relation);
begin
    return case generated when '' then true when 'v' then false else not exists (
        select from pg_partition_tree(root) t
         where exists (select from (select a.attnum, a.attname from pg_attribute a where a.attrelid = root and a.attnum > 0) o
                         full join (select a.attnum, a.attname from pg_attribute a where a.attrelid = t.relid and a.attnum > 0) p using (attnum)
                        where o.attname is distinct from p.attname)) end;
end $$;

-- The columns of a row "r" that are written down, each with the expression for it:
-- those that are not excluded, neither by name nor by number. Where a column may be an
-- excluded one under another name, and nothing shows which, it is the key alone. A
-- column that PostgreSQL does not show is left out.
create or replace function rowcast.written_columns(watched_id integer, relation oid, excluded text[], numbers smallint[], unsure boolean)
returns table (name name, type oid, written text, number smallint)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    target constant oid := case when excluded <> '{}' then rowcast.numbered(watched_id, written_columns.relation) end;
    key_only constant boolean := excluded <> '{}' and target is null and not rowcast.has_columns(written_columns.relation, excluded);
begin
    return query
        select a.attname, a.atttypid, rowcast.written(format('r.%I', a.attname), a.atttypid, unsure), a.attnum
          from pg_attribute a
         where a.attrelid = written_columns.relation and a.attnum > 0 and not a.attisdropped and rowcast.is_shown(a.attrelid, a.attgenerated) and a.attname <> all (excluded)
           and a.attname not in (select e.attname from pg_attribute e where e.attrelid = target and e.attnum = any (numbers))
           and (not key_only or exists (
                   select from pg_index i where i.indrelid = written_columns.relation and i.indisprimary and a.attnum = any (i.indkey)));
end $$;

-- How a row "r" is written down: as a whole if all its columns are, as they are.
--
-- The catalogue may be older than the table: it is, in a transaction that keeps
-- its snapshot, and outside of a trigger nobody keeps others from changing the
-- table. Then the expression itself makes sure of the types.
create or replace function rowcast.image(
    watched_id integer, relation oid, excluded text[], numbers smallint[],
    unsure boolean default pg_trigger_depth() = 0 or current_setting('transaction_isolation') <> 'read committed'
) returns text
language plpgsql as $$
begin
    return (select case when rowcast.is_whole(image.relation, array_agg(c.name order by c.number), array_agg(c.written order by c.number)) then 'row_to_json(r.*)'
                        else format('(select row_to_json(x.*) from (select %s) x)', string_agg(format('%s as %I', c.written, c.name), ', ' order by c.number)) end
              from rowcast.written_columns(watched_id, image.relation, excluded, numbers, unsure) c);
end $$;

-- Of an update of wide rows, the log does not hold twice what the update has left as it
-- was: the old row lacks those columns, and readers take them from the new one.

-- Whether two values of a column of a table differ in their bytes, as an expression.
-- That costs less than to write them down, and nothing where a value of many bytes is
-- the one that it was.
create or replace function rowcast.differ(value text, other text, relation oid) returns text
language sql stable
return format('case when pg_column_size(%1$s) <> pg_column_size(%2$s) then true %3$s else record_image_ne(row(%1$s), row(%2$s)) end', value, other,
    case when current_setting('server_version_num')::integer >= 170000 and exists (select from pg_class c where c.oid = relation and c.relkind = 'r')
         then format('when pg_column_toast_chunk_id(%s) = pg_column_toast_chunk_id(%s) then false', value, other) end);

-- The query for an update of one row of the table in the setting rowcast.relation: the
-- columns of the old row that are not as in the new one, in an array. If there is none,
-- it is the array of the new row, which it is given. As with rowcast.plain_here, it is
-- part of the plan of the query that asks.
create or replace function rowcast.look_for_changed(excluded text[], numbers smallint[], watched_id integer) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
    relation constant oid := current_setting('rowcast.relation');
begin
    return (
        select format('select coalesce((select array[json_object_agg(c.name, coalesce(case c.number %s end, ''null''))]'
                      ' from (values %s) c (number, name, differs) where c.differs having count(*) > 0), $1)'
                      ' from (select %s from new_rows r) n cross join (select %3$s from old_rows r) o where (select count(*) from old_rows) = 1',
                   string_agg(format('when %s then to_json(o.%I)', w.number, w.name), ' '),
                   string_agg(format('(%s, %L, %s)', w.number, w.name, rowcast.differ(format('o.%I', w.name), format('n.%I', w.name), relation)), ', '),
                   string_agg(format('%s as %I', w.written, w.name), ', ' order by w.number))
          from rowcast.written_columns(watched_id, relation, excluded, numbers, false) w);
end $$;

-- The query for an update of several rows: the columns that were left in all of them.
-- None, if a row has moved to another tenant, or if the catalogue may be older than
-- the table.
create or replace function rowcast.look_for_unchanged(watched_id integer, relation oid, excluded text[], numbers smallint[], tenant_column text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((
        select format('select case when not %s then array_remove(array[%s], null) else ''{}'' end'
                      ' from (select row_number() over () as n, %s from new_rows r) a join (select row_number() over () as n, %3$s from old_rows r) b using (n)',
                   string_agg(w.differs, '') filter (where w.name = tenant_column),
                   string_agg(format('case when not %s then %L end', w.differs, w.name), ', '),
                   string_agg(format('r.%I as c%s', w.name, w.number), ', '))
          from (select c.name, c.number,
                       format('bool_or(%s)', rowcast.differ(format('a.c%s', c.number), format('b.c%s', c.number), look_for_unchanged.relation)) as differs
                  from rowcast.written_columns(watched_id, look_for_unchanged.relation, excluded, numbers, false) c) w
         where current_setting('transaction_isolation') = 'read committed'
        having bool_or(w.name = tenant_column)), 'select ''{}''::text[]');
end $$;

-- Whether these are all columns of a table, and each is written as it is.
create or replace function rowcast.is_whole(relation oid, names name[], written text[]) returns boolean
language sql stable as $$
    select names = array(select a.attname from pg_attribute a where a.attrelid = is_whole.relation and a.attnum > 0 and not a.attisdropped order by a.attnum)
       and written = array(select format('r.%I', n.name) from unnest(names) n (name))
$$;

-- Whether PostgreSQL writes a value of a type as JSON without code that the owner of
-- a type can make. To be the owner of a base type takes a superuser; so does a function
-- in C. A cast of such a type to json in another language may need a
-- search_path of its own, and is not used.
create or replace function rowcast.is_plain(type oid) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    found_type pg_type;
begin
    if type < 16384 then
        return true;
    end if;
    select t.* into found_type from pg_type t where t.oid = type;
    return coalesce(case
        when found_type.typtype = 'd' then rowcast.is_plain(found_type.typbasetype)
        when found_type.typtype = 'c' then not exists (
            select from pg_attribute a where a.attrelid = found_type.typrelid and a.attnum > 0 and not a.attisdropped
                                         and (a.attgenerated = 'v' or not rowcast.is_plain(a.atttypid)))
        when found_type.typtype = 'b' and found_type.typcategory = 'A' and found_type.typelem <> 0 then rowcast.is_plain(found_type.typelem)
        when found_type.typtype = 'b' then
            exists (select from pg_roles o where o.oid = found_type.typowner and o.rolsuper)
            and not exists (select from pg_cast c join pg_proc p on p.oid = c.castfunc join pg_language l on l.oid = p.prolang
                             where c.castsource = type and c.casttarget = 'json'::regtype and l.lanname not in ('internal', 'c'))
        end, false);
end $$;

-- Whether a row of the table that the setting rowcast.relation names is written
-- down as a whole: it has no column of a type that is not plain or not settled, and
-- none that is virtual. It is
-- declared immutable, so that PostgreSQL evaluates it when it plans the query of a
-- capture; it looks with a new snapshot. If there is none to be had, it is false.
create or replace function rowcast.plain_here() returns boolean
language plpgsql immutable as $$
begin
    return rowcast.has_plain_columns(pg_catalog.current_setting('rowcast.relation')::pg_catalog.oid);
end $$;

create or replace function rowcast.has_plain_columns(relation oid) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
    return current_setting('transaction_isolation') = 'read committed' and not exists (
        select from pg_attribute a
         where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
           and not (rowcast.is_shown(a.attrelid, a.attgenerated) and rowcast.is_plain(a.atttypid) and rowcast.is_settled(a.atttypid)));
end $$;

-- Whether what is known of a type holds until a table that has it is changed, and its
-- values look the same in every session. A composite type may get more attributes, and
-- a range may be one of such. Money and the names of things, as in regclass, are shown
-- as a setting of the session says.
create or replace function rowcast.is_settled(type oid) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    whole constant pg_type := rowcast.base_type(type);
begin
    return coalesce(case
        when whole.typtype = 'b' and whole.typcategory = 'A' and whole.typelem <> 0 then rowcast.is_settled(whole.typelem)
        when whole.oid < 16384 then whole.typtype <> 'c' and whole.oid <> 'money'::regtype and whole.typname not like 'reg%'
        else whole.typtype in ('b', 'e') end, false);
end $$;

-- An expression for a value of a type, of which row_to_json makes what it makes
-- of the value, without code that the owner of a type can make: what is not plain
-- becomes the text that it has, or an array or an object of such. If unsure, the
-- column may have another type by now, and a composite type more attributes.
create or replace function rowcast.written(value text, type oid, unsure boolean) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    whole pg_type := rowcast.base_type(type);
    is_array constant boolean := whole.typtype = 'b' and whole.typcategory = 'A' and whole.typelem <> 0;
    element pg_type := case when is_array then rowcast.base_type(whole.typelem) else whole end;
    fields text;
begin
    if rowcast.is_plain(type) and not (unsure and element.typtype = 'c' and element.oid >= 16384) then
        return case when unsure then format('case when pg_typeof(%1$s)::oid = %2$s then %1$s else rowcast.changed_meanwhile(%1$s) end', value, type)
                    else value end;
    elsif is_array and element.typtype = 'c' then
        return format('case when num_nulls(%1$s) = 0 then array_to_json(array(select %2$s from (select unnest(%1$s) as e) s)) end',
            value, rowcast.written('s.e', element.oid, unsure));
    elsif is_array then
        return format('case when pg_catalog.num_nulls(%1$s) operator(pg_catalog.=) 0 then pg_catalog.concat(%1$s)::pg_catalog.text[] end', value);
    elsif whole.typtype = 'c' then
        select string_agg(format('%s as %I', rowcast.written(format('(%s).%I', value, a.attname), a.atttypid, unsure), a.attname), ', ' order by a.attnum)
          into fields
          from pg_attribute a
         where a.attrelid = whole.typrelid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v';
        return format('case when num_nulls(%s) = 0 then (select row_to_json(y.*) from (select %s) y) end', value, fields);
    end if;
    return format('case when pg_catalog.num_nulls(%1$s) operator(pg_catalog.=) 0 then pg_catalog.concat(%1$s) end', value);
end $$;

-- What a type is, domains aside. Null if it is not known yet.
create or replace function rowcast.base_type(type oid) returns pg_type
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    found_type pg_type;
begin
    loop
        select t.* into found_type from pg_type t where t.oid = type;
        exit when found_type.typtype is distinct from 'd';
        type := found_type.typbasetype;
    end loop;
    return found_type;
end $$;

-- Ends a statement of which the transaction cannot know how the table looks.
create or replace function rowcast.changed_meanwhile(value anyelement) returns anyelement
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'the definition of a watched table was changed meanwhile'
        using errcode = 'serialization_failure', hint = 'Repeat the transaction.';
end $$;

-- Whether a table has all of these columns.
create or replace function rowcast.has_columns(relation oid, names text[]) returns boolean
language plpgsql as $$
begin
    return not exists (
        select from unnest(names) n
         where not exists (select from pg_attribute a
                            where a.attrelid = has_columns.relation and a.attname = n and a.attnum > 0 and not a.attisdropped));
end $$;

-- The primary key of a row of the transition table "r", as an expression; never
-- equal to another one if the table has none.
create or replace function rowcast.key_of_row(relation oid) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((
        select format('array[%s]', string_agg(format('pg_catalog.concat(r.%I)', a.attname), ', ' order by a.attnum))
          from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
         where i.indrelid = relation and i.indisprimary), 'null');
end $$;

-- Early versions called them.
drop function if exists rowcast.tenant_column(integer, text, smallint), rowcast.excluded_by_name(integer, text[], smallint[]),
    rowcast.image(integer, oid, text[], smallint[]);
