-- A table whose rows are not written down as a whole, because columns are excluded or
-- have to be written one by one, gets capture functions of its own:
-- rowcast.capture_<id> and rowcast.capture_update_<id>, with the id of
-- rowcast.watched. They are rowcast.capture and rowcast.capture_update, except that
-- where these take a whole row they name its columns. Their plans are kept, and what
-- is not named is never read. Partitions use those of their table.
--
-- A statement that names a column fails when there is none of that name any more. A
-- writer must not. PostgreSQL does not look at a statement of a function before it is
-- reached. So another one comes first that names no column, in which rowcast.named_here
-- returns whether the columns are the ones that were named. If not, the function takes
-- the way of those without a plan.

-- The columns that a capture function of a table may name, as a select list from "r".
-- Null if it takes the whole row, or has to look how a row is written down each time.
create or replace function rowcast.named(watched_id integer, relation oid, excluded text[], numbers smallint[]) returns text
language plpgsql as $$
begin
    return (select case when bool_and(rowcast.is_settled(c.type))
                         and not rowcast.is_whole(named.relation, array_agg(c.name order by c.number), array_agg(c.written order by c.number))
                        then string_agg(format('%s as %I', c.written, c.name), ', ' order by c.number) end
              from rowcast.written_columns(watched_id, named.relation, excluded, numbers, false) c);
end $$;

-- Whether these are still the columns to name of the table in the setting
-- rowcast.relation. As with rowcast.plain_here, the answer is part of the plan of the
-- query that asks, and is found anew when the table was changed. A catalogue
-- that may be older than the table gives none.
create or replace function rowcast.named_here(watched_id integer, excluded text[], numbers smallint[], list text) returns boolean
language plpgsql immutable as $$
begin
    return pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed'
       and coalesce(rowcast.named(watched_id, pg_catalog.current_setting('rowcast.relation')::pg_catalog.oid, excluded, numbers) operator(pg_catalog.=) list, false);
end $$;

-- The name of the function that the triggers of a watched table call in the place of a
-- shared one.
create or replace function rowcast.own_capture(function text, watched_id integer) returns text
language sql immutable
return case when function in ('rowcast.capture', 'rowcast.capture_update') then function || '_' || watched_id else function end;

-- What such a function does: what the shared one does, with the columns named. They
-- are filled in last and at once, so that nothing is looked for in the names that the
-- owner of the table has given.
create or replace function rowcast.own_body(function text, watched_id integer, excluded text[], numbers smallint[], list text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    body text := (select p.prosrc from pg_proc p where p.oid = to_regproc(function));
begin
    if list is null then
        return body;
    end if;
    body := replace(body, '%', '%%');
    body := replace(body, 'tg_argv[0]::integer', '%1$s');
    body := replace(body, 'tg_argv[4] operator(pg_catalog.=) ''{}''', 'tg_argv[4] operator(pg_catalog.=) %2$L');
    body := replace(body, 'tg_argv[4] operator(pg_catalog.<>) ''{}''', 'tg_argv[4] operator(pg_catalog.<>) %2$L');
    body := replace(body, 'and exclude = ''{}''', 'and exclude = %2$L');
    body := regexp_replace(body, 'images := array\((select [^;]* from (\w+) whole) where rowcast\.plain_here\(\) limit 2\);',
        'perform from \2 where rowcast.named_here(%1$s, %2$L, %3$L, %4$L) limit 1;
    if found then
        images := array(\1 limit 2);
    else
        images := ''{}'';
    end if;', 'g');
    body := replace(body, 'rowcast.look_for_changed(''{}'', ''{}'', 0)', 'rowcast.look_for_changed(%2$L, %3$L, %1$s)');
    body := regexp_replace(body, 'from (changed_rows|new_rows|old_rows) whole', 'from (select %4$s from \1 r) whole', 'g');
    return format(body, watched_id, excluded, numbers, list);
end $$;

-- Makes the capture functions of a watched table, or makes them anew if they are not
-- as they should be. Returns whether its triggers are to call them. One that there is
-- is kept up with the shared ones in any case.
create or replace function rowcast.make_captures(watched_id integer, relation oid, excluded text[], numbers smallint[]) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    list constant text := rowcast.named(watched_id, make_captures.relation, excluded, numbers);
    shared text;
    own text;
    body text;
    present pg_proc;
begin
    foreach shared in array array['rowcast.capture', 'rowcast.capture_update'] loop
        own := rowcast.own_capture(shared, watched_id);
        select p.* into present from pg_proc p where p.oid = to_regproc(own);
        continue when list is null and present.oid is null;
        body := rowcast.own_body(shared, watched_id, excluded, numbers, list);
        if present.prosrc is distinct from body or not present.prosecdef or present.proconfig is not null then
            if present.oid is not null then
                execute format('alter function %s() reset all', own);
            end if;
            execute format('create or replace function %s() returns trigger language plpgsql security definer as %L', own, body);
            execute format('revoke execute on function %s() from public', own);
        end if;
        perform rowcast.give_to_capture(to_regproc(own)::oid);
        perform rowcast.record_function(to_regproc(own)::oid::regprocedure);
    end loop;
    return list is not null;
end $$;

-- Gives a capture function to whom the shared ones belong to.
create or replace function rowcast.give_to_capture(function oid) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    capture constant regrole := (select p.proowner from pg_proc p where p.oid = 'rowcast.capture()'::regprocedure);
    lent constant boolean := not has_schema_privilege(capture, 'rowcast', 'create');
begin
    if (select p.proowner from pg_proc p where p.oid = function) = capture then
        return;
    end if;
    if lent then
        execute format('grant create on schema rowcast to %s', capture);
    end if;
    execute format('alter function %s owner to %s', function::regprocedure, capture);
    if lent then
        execute format('revoke create on schema rowcast from %s', capture);
    end if;
end $$;

-- Drops the capture functions that no trigger calls any more.
create or replace function rowcast.drop_captures() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    function regprocedure;
begin
    for function in
        select p.oid from pg_proc p
         where p.pronamespace = 'rowcast'::regnamespace and p.proname ~ '^capture_(update_)?\d+$'
           and not exists (select from pg_trigger g where g.tgfoid = p.oid)
    loop
        delete from rowcast.installed i where i.kind = 'function' and 'rowcast.' || i.name = function::text;
        execute format('drop function if exists %s', function);
    end loop;
end $$;

-- Functions that were made from earlier versions of the shared ones.
do $$
begin
    perform rowcast.make_captures(g.watched, g.relation, g.arguments[5]::text[], g.arguments[3]::smallint[])
       from rowcast.present_triggers() g join pg_trigger q on q.oid = g.oid
      where g.function = 'rowcast.capture' and q.tgfoid <> 'rowcast.capture()'::regprocedure and not g.is_part and g.parent = 0 and g.type & 4 = 4;
end $$;

-- Early versions called them.
drop function if exists rowcast.without(json, text[]), rowcast.excluded_by_name(integer, oid, text[], smallint[]);
