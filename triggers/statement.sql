-- What the capture functions share: the order of nested statements, the
-- settings under which values are written down, the doorbell, and the columns
-- of a watched table. Capture runs them as its owner.

-- The order of nested statements. A nested statement (a trigger of the user's
-- that writes to a watched table) is captured before the statement that caused
-- it, but the log has to be read in the order of cause and effect. So a
-- statement draws a number when it begins: the trigger before it has a condition
-- that draws from rowcast.statement, which costs no call, and its capture finds
-- the number with currval. The condition is as short as can be, because
-- PostgreSQL reads it anew for each statement. A nested statement calls begin_statement instead, and
-- stands in the log under the number of its outermost statement and one of its
-- own, from log_id, that is kept in a setting for each depth of triggers. The
-- parts of one query, as in MERGE or "with gone as (delete ...) insert ...",
-- share a number; so does what a function does that the query itself calls,
-- unless it is a trigger.
create or replace function rowcast.begin_statement() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform rowcast.current_statement();
    perform set_config('rowcast.nested_' || pg_trigger_depth(), nextval('rowcast.log_id')::text, true);
    return null;
end $$;

-- The number of the outermost statement, for a nested one. If that statement
-- is not captured, it is the number of an earlier one, or a new one.
create or replace function rowcast.current_statement() returns bigint
language plpgsql as $$
begin
    return currval('rowcast.statement');
exception when object_not_in_prerequisite_state then -- none was drawn in this session
    return nextval('rowcast.statement');
end $$;

-- The number that begin_statement gave to the nested statement whose capture
-- this is; 0 for one that is not nested. Capture absorbs it, and since its body
-- is not text, no search_path changes what it means.
create or replace function rowcast.nested() returns bigint
language sql stable
return case when pg_trigger_depth() = 1 then 0
            else coalesce(nullif(current_setting('rowcast.nested_' || pg_trigger_depth(), true), ''), '0')::bigint end;

-- Whether the settings that decide how a value is written down are as capture
-- needs them, and that of pause.sql is not there. Capture absorbs it.
create or replace function rowcast.settings_fixed() returns boolean
language sql stable
return current_setting('TimeZone') in ('UTC', 'Etc/UTC', 'GMT') and current_setting('DateStyle') like 'ISO%'
   and current_setting('IntervalStyle') = 'postgres' and current_setting('bytea_output') = 'hex'
   and current_setting('extra_float_digits') in ('1', '2', '3')
   and coalesce(current_setting('rowcast.pause', true), '') = '';

-- Makes the settings so until restore_settings gets what this returns, or the
-- transaction has ended.
create or replace function rowcast.fix_settings() returns text[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    settings constant text[] := array[
        current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle'),
        current_setting('bytea_output'), current_setting('extra_float_digits')];
begin
    perform rowcast.restore_settings(array['UTC', 'ISO', 'postgres', 'hex', '1']);
    return settings;
end $$;

-- Fixes the search_path as well, and returns the settings with the one it was.
create or replace function rowcast.fix_search_path(settings text[]) returns text[]
language plpgsql as $$
declare
    given constant pg_catalog.text := pg_catalog.current_setting('search_path');
begin
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    return coalesce(settings, array_fill(null::text, array[5])) || given;
end $$;

create or replace function rowcast.restore_settings(settings text[]) returns void
language plpgsql as $$
begin
    perform pg_catalog.set_config(s.name, s.wanted, true)
       from rows from (
                pg_catalog.unnest(array['TimeZone', 'DateStyle', 'IntervalStyle', 'bytea_output', 'extra_float_digits', 'search_path']),
                pg_catalog.unnest(settings)) s (name, wanted)
      where pg_catalog.current_setting(s.name) operator(pg_catalog.<>) s.wanted;
end $$;

-- Rings the doorbell at commit. The payload is a hint for whoever listens and
-- never holds row data: any role can listen. A queue that is half full is not
-- filled further, since a full one would fail the writer's commit; readers
-- then find the change at their next poll.
create or replace function rowcast.ring(watched_id integer, op text, changed bigint, tenants text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    payload jsonb;
begin
    if pg_notification_queue_usage() > 0.5 then
        return;
    end if;
    payload := jsonb_build_object(
        'v', 1,
        'table', (select w.table_name from rowcast.watched w where w.id = watched_id),
        'op', lower(op),
        'n', changed);
    tenants := array(select distinct t from unnest(tenants) t);
    if cardinality(tenants) = 1 then
        payload := payload || jsonb_build_object('tenant_id', tenants[1]);
    elsif cardinality(tenants) between 2 and 2000 then
        payload := payload || jsonb_build_object('tenant_ids', tenants);
    end if;
    if octet_length(payload::text) > 7999 then
        payload := payload - 'tenant_ids';
    end if;
    perform pg_notify('rowcast', payload::text);
end $$;

-- The present name of the tenant column of a watched table. The name that was
-- given counts; if it is gone, the column was renamed.
create or replace function rowcast.tenant_column(watched_id integer, given text, number smallint) returns text
language plpgsql as $$
declare
    target constant oid := (select w.relation from rowcast.watched w where w.id = watched_id);
    found_name text;
begin
    select a.attname into found_name
      from pg_attribute a
     where a.attrelid = target and not a.attisdropped and (a.attname = given or a.attnum = number)
     order by a.attname = given desc limit 1;
    if found_name is null then
        raise exception 'the tenant column % of % is gone, so its changes belong to nobody', quote_ident(given), target::regclass
            using errcode = 'undefined_column',
                  hint = format('Run select rowcast.watch(%L, tenant_column => ...) or select rowcast.unwatch(%1$L).', target::regclass);
    end if;
    return found_name;
end $$;

-- How a row of the transition table "r" is written down: all of it, or the
-- columns that are not excluded, neither by name nor by number.
create or replace function rowcast.image(watched_id integer, relation oid, excluded text[], numbers smallint[]) returns text
language plpgsql as $$
begin
    if excluded = '{}' then
        return 'row_to_json(r.*)';
    end if;
    return (
        select format('(select row_to_json(x.*) from (select %s) x)', string_agg(format('r.%I', a.attname), ', ' order by a.attnum))
          from pg_attribute a
         where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and a.attname <> all (excluded)
           and a.attname not in (
                   select e.attname from rowcast.watched w join pg_attribute e on e.attrelid = w.relation
                    where w.id = watched_id and e.attnum = any (numbers)));
end $$;

-- Whether the excluded columns of a watched table still have the names that
-- were given.
create or replace function rowcast.excluded_by_name(watched_id integer, excluded text[], numbers smallint[]) returns boolean
language plpgsql as $$
begin
    return not exists (
        select from rowcast.watched w join pg_attribute a on a.attrelid = w.relation
         where w.id = watched_id and a.attnum = any (numbers) and not a.attisdropped and a.attname <> all (excluded));
end $$;

-- A row without some of its columns. The others stay as they were written,
-- which they would not in jsonb.
create or replace function rowcast.without(image json, excluded text[]) returns json
language plpgsql as $$
begin
    return (select '{' || string_agg(to_json(e.key) || ':' || e.value, ',') || '}'
              from json_each(image) e where e.key <> all (excluded));
end $$;
