-- What is known of a watched table, and by what. Numbers of tables and columns
-- follow a rename, but a dump does not keep them. What a trigger says of its own
-- table holds everywhere: that it is watched, under which number of
-- rowcast.watched, and the names of its columns.
--
-- rowcast.watched.relation, and the numbers in the arguments of a trigger, count
-- as long as the row of rowcast.watched is known to have been written here.

-- The arguments of a trigger.
create or replace function rowcast.arguments(stored bytea) returns text[]
language sql stable as $$
    select array_agg(convert_from(decode(replace(a.hex, ' ', ''), 'hex'), getdatabaseencoding()) order by a.n)
      from string_to_array(regexp_replace(encode(stored, 'hex'), '(..)', '\1 ', 'g'), '00 ') l (list)
     cross join unnest(l.list[:cardinality(l.list) - 1]) with ordinality a (hex, n)
$$;

-- The triggers that call Rowcast, on whatever table. Those that PostgreSQL cloned from
-- a partitioned table have a parent. is_part: made on a partition, as
-- triggers/watch.sql says. function: the shared one, also if the table has one of its
-- own, as triggers/named.sql says.
create or replace function rowcast.present_triggers()
returns table (oid oid, relation oid, name name, function text, type smallint, old_table name, new_table name, enabled "char",
               parent oid, watched integer, is_part boolean, arguments text[])
language sql stable as $$
    select g.oid, g.tgrelid, g.tgname, 'rowcast.' || regexp_replace(p.proname, '^(capture|capture_update)_\d+$', '\1'), g.tgtype, g.tgoldtable, g.tgnewtable, g.tgenabled, g.tgparentid,
           case when a.arguments[1] ~ '^\d{1,9}$' then a.arguments[1]::integer end,
           coalesce(starts_with(a.arguments[5], '{ '), false), a.arguments
      from pg_proc p join pg_trigger g on g.tgfoid = p.oid
     cross join lateral rowcast.arguments(g.tgargs) a (arguments)
     where p.pronamespace = (select n.oid from pg_namespace n where n.nspname = 'rowcast')
$$;

-- The watched table in whose columns the numbers that a trigger of this table
-- knows can be looked up: itself or one that it is a partition of. Null if they
-- mean nothing here.
create or replace function rowcast.numbered(watched_id integer, relation oid) returns oid
language sql stable as $$
    select w.relation from rowcast.watched w
     where w.id = watched_id and w.xmin = w.written
       and (w.relation = numbered.relation or w.relation in (select a.relid from pg_partition_ancestors(numbered.relation) a))
$$;

-- The table that is watched under a number: the one that was, or in a database
-- that was restored from a dump the one that has the triggers, or else the name.
create or replace function rowcast.relation_of(watched_id integer) returns oid
language sql stable as $$
    select case when w.xmin = w.written then w.relation else coalesce(
               (select g.relation from rowcast.present_triggers() g join pg_class c on c.oid = g.relation
                 where g.watched = w.id and not g.is_part and g.parent = 0 and not (c.relispartition and g.type & 1 = 1)
                 order by (c.relnamespace::regnamespace::text, c.relname) = (w.table_schema, w.table_name) desc, c.relispartition, c.oid limit 1),
               to_regclass(format('%I.%I', w.table_schema, w.table_name))::oid) end
      from rowcast.watched w where w.id = watched_id
$$;

-- Whether a table is watched under a number, or is a partition of one that is. A
-- trigger alone is no proof: everybody may call the function behind the row
-- triggers. Nobody else can call that behind the statement triggers.
create or replace function rowcast.is_watched(watched_id integer, relation oid) returns boolean
language sql stable as $$
    select rowcast.numbered(watched_id, is_watched.relation) is not null or exists (
        select from (select is_watched.relation as part union select a.relid from pg_partition_ancestors(is_watched.relation) a) t
          join pg_trigger g on g.tgrelid = t.part and g.tgfoid in (to_regproc('rowcast.capture'), to_regproc('rowcast.capture_' || watched_id))
         where (rowcast.arguments(g.tgargs))[1] = watched_id::text and not starts_with((rowcast.arguments(g.tgargs))[5], '{ '))
$$;

-- Writes down that what rowcast.watched says of a table was found out here. The
-- first change takes the row into this transaction, or the part of it that a
-- rollback to a savepoint would undo; only then its xmin is known.
create or replace function rowcast.mark_written(watched_id integer, relation oid) returns void
language plpgsql as $$
begin
    update rowcast.watched w set relation = mark_written.relation where w.id = watched_id;
    update rowcast.watched w set written = w.xmin where w.id = watched_id;
end $$;
