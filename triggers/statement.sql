-- What the capture functions share: the order of nested statements, the
-- doorbell, and the columns of a watched table. Capture runs them as its owner.

-- Before a statement: remembers its number. A nested statement (a trigger of
-- the user's that writes to the same table) is captured before the statement
-- that caused it, but has drawn the higher number here, so the log can be read
-- in the order of cause and effect. The setting is a stack per table, with
-- entries "operation depth:number ": push before, pop after. The parts of one
-- query, as in MERGE or "with gone as (delete ...) insert ...", share a number;
-- so does what a function does to the same table that the query itself calls,
-- unless it is a trigger.
--
-- An expression of this language is prepared anew in each transaction, which
-- costs more than to evaluate it: the paths that every statement takes have few.
create or replace function rowcast.begin_statement() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    begun text := coalesce(current_setting('rowcast.begun_' || tg_relid, true), '');
begin
    begun := set_config('rowcast.begun_' || tg_relid,
        left(tg_op, 1) || pg_trigger_depth() || ':'
        || case when left(begun, 1) <> left(tg_op, 1)
                 and substr(begun, 2, length(pg_trigger_depth() || ':')) = pg_trigger_depth() || ':'
                then split_part(split_part(begun, ' ', 1), ':', 2)
                else nextval('rowcast.log_id')::text end
        || ' ' || begun, true);
    return null;
end $$;

-- The number that begin_statement gave to the statement that ends now. A new
-- number if there is none, as for TRUNCATE. The number is read before the entry
-- is taken off the stack; it is one expression so that its caller absorbs it.
create or replace function rowcast.end_statement(relation oid, op text) returns bigint
language sql as $$
    select (array[
        split_part(coalesce(
            substring(current_setting('rowcast.begun_' || relation, true), left(op, 1) || '[0-9]+:[0-9]+ '),
            ':' || nextval('rowcast.log_id')), ':', 2),
        set_config('rowcast.begun_' || relation,
            regexp_replace(coalesce(current_setting('rowcast.begun_' || relation, true), ''), left(op, 1) || '[0-9]+:[0-9]+ ', ''),
            true)])[1]::bigint
$$;

-- Rings the doorbell at commit. The payload is a hint for whoever listens and
-- never holds row data: any role can listen. A queue that is half full is not
-- filled further, since a full one would fail the writer's commit; readers
-- then find the change at their next poll.
create or replace function rowcast.ring(watched_id integer, op text, changed bigint, tenants text[]) returns void
language plpgsql as $$
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
