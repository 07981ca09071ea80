-- Capture: what a writer pays. Each statement on a watched table appends to
-- rowcast.log in its own transaction, and rings the doorbell only if a reader
-- is asleep. Nothing here locks a row, counts in a shared place, or fails
-- because a row is large.
--
-- Every function runs as its owner with a fixed search_path, so writers need
-- no right on schema rowcast. Trigger arguments:
--   0  rowcast.watched.id
--   1  tenant column
--   2  excluded columns as an array literal; left out when there are none

-- Before a statement: remembers its number. A nested statement (a trigger of
-- the user's that writes to the same table) is captured before the statement
-- that caused it, but has drawn the higher number here, so the log can be read
-- in the order of cause and effect. The setting is a stack per table and
-- operation: push before, pop after.
create or replace function rowcast.begin_statement() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    stack constant text := 'rowcast.begun_' || tg_relid || left(tg_op, 1);
begin
    perform set_config(stack, nextval('rowcast.log_id') || ' ' || coalesce(current_setting(stack, true), ''), true);
    return null;
end $$;

-- The number that begin_statement gave to the statement that ends now. A new
-- number if there is none, as for cascades that were merged.
create or replace function rowcast.end_statement(relation oid, op text) returns bigint
language plpgsql as $$
declare
    stack constant text := 'rowcast.begun_' || relation || left(op, 1);
    begun text := coalesce(current_setting(stack, true), '');
    top constant text := split_part(begun, ' ', 1);
begin
    if top = '' then
        return nextval('rowcast.log_id');
    end if;
    perform set_config(stack, substr(begun, length(top) + 2), true);
    return top;
end $$;

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
    if cardinality(tenants) = 1 and octet_length(tenants[1]) < 4000 then
        payload := payload || jsonb_build_object('tenant_id', tenants[1]);
    elsif cardinality(tenants) between 2 and 2000 then
        payload := payload || jsonb_build_object('tenant_ids', tenants);
    end if;
    if octet_length(payload::text) > 7999 then
        payload := payload - 'tenant_ids' - 'tenant_id';
    end if;
    perform pg_notify('rowcast', payload::text);
end $$;

-- After insert and after delete. The trigger names its transition table
-- "changed_rows" for both. One row takes the short way; more are cut into
-- chunks of 64 KiB, by a statement that is planned for the true number of rows.
create or replace function rowcast.capture() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    kind constant "char" := lower(left(tg_op, 1));
    watched_id constant integer := tg_argv[0];
    exclude constant text[] := tg_argv[2];
    begun constant bigint := rowcast.end_statement(tg_relid, tg_op);
    images json[];
    tenants text[];
    row_count bigint := 1;
begin
    images := array(select row_to_json(r.*) from changed_rows r limit 2);
    if cardinality(images) = 0 then
        return null;
    elsif cardinality(images) = 1 then
        tenants := array[images[1] ->> tg_argv[1]];
        if tenants[1] is null then
            return null;
        end if;
        if exclude is not null then
            images[1] := (images[1]::jsonb - exclude)::json;
        end if;
        insert into rowcast.log (begun, watched, rows, op, tenant, after, before)
        values (begun, watched_id, 1, kind, tenants[1],
                case kind when 'i' then images end, case kind when 'd' then images end);
    else
        execute format($many$
            with source as (
                select r.%1$I::text as tenant, %2$s as image
                  from changed_rows r
                 where r.%1$I is not null
            ), chunked as (
                select tenant, image,
                       row_number() over (rows unbounded preceding) as n,
                       sum(octet_length(image::text)) over (rows unbounded preceding) / 65536 as chunk
                  from source
            ), appended as (
                insert into rowcast.log (begun, watched, rows, op, tenant, after, before)
                select $1, $2, count(*), $3, tenant,
                       case $3 when 'i' then array_agg(image order by n) end,
                       case $3 when 'd' then array_agg(image order by n) end
                  from chunked
                 group by tenant, chunk
                 order by chunk
                returning tenant, rows
            )
            select array_agg(distinct tenant), sum(rows) from appended $many$,
            tg_argv[1],
            case when exclude is null then 'row_to_json(r.*)' else '(to_jsonb(r.*) - $4)::json' end)
        into tenants, row_count
        using begun, watched_id, kind, exclude;
        if tenants is null then
            return null;
        end if;
    end if;
    if not pg_try_advisory_xact_lock_shared(8245940711459091457) then
        perform rowcast.ring(watched_id, tg_op, row_count, tenants);
    end if;
    return null;
end $$;

-- After update. The transition tables "old_rows" and "new_rows" hold the rows
-- of a statement in the same order, so the n-th of each belong together, also
-- when the primary key changed. A row that looks the same before and after is
-- no change. A row that moved to another tenant is a delete for the one and an
-- insert for the other: neither may see the other's values.
create or replace function rowcast.capture_update() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    watched_id constant integer := tg_argv[0];
    exclude constant text[] := tg_argv[2];
    begun constant bigint := rowcast.end_statement(tg_relid, tg_op);
    image json;
    old_image json;
    tenant text;
    old_tenant text;
    tenants text[];
    row_count bigint := 0;
    pairs integer := 0;
begin
    for image, old_image in
        select row_to_json(n.*), row_to_json(o.*) from new_rows n, old_rows o limit 2
    loop
        pairs := pairs + 1;
    end loop;
    if pairs = 0 then
        return null;
    elsif pairs = 1 then
        tenant := image ->> tg_argv[1];
        old_tenant := old_image ->> tg_argv[1];
        if exclude is not null then
            image := (image::jsonb - exclude)::json;
            old_image := (old_image::jsonb - exclude)::json;
        end if;
        if tenant = old_tenant then
            if image::text = old_image::text then
                return null;
            end if;
            tenants := array[tenant];
            row_count := 1;
            insert into rowcast.log (begun, watched, rows, op, tenant, after, before)
            values (begun, watched_id, 1, 'u', tenant, array[image], array[old_image]);
        else
            if old_tenant is not null then
                tenants := tenants || old_tenant;
                row_count := row_count + 1;
                insert into rowcast.log (begun, watched, rows, op, tenant, before)
                values (begun, watched_id, 1, 'd', old_tenant, array[old_image]);
            end if;
            if tenant is not null then
                tenants := tenants || tenant;
                row_count := row_count + 1;
                insert into rowcast.log (begun, watched, rows, op, tenant, after)
                values (begun, watched_id, 1, 'i', tenant, array[image]);
            end if;
            if tenants is null then
                return null;
            end if;
        end if;
    else
        execute format($many$
            with new_source as (
                select row_number() over () as n, r.%1$I::text as tenant, %2$s as image from new_rows r
            ), old_source as (
                select row_number() over () as n, r.%1$I::text as tenant, %2$s as image from old_rows r
            ), pair as (
                select n, a.tenant, b.tenant as old_tenant, a.image, b.image as old_image
                  from new_source a join old_source b using (n)
            ), change as (
                select n, 'u'::"char" as op, tenant, image, old_image
                  from pair where tenant = old_tenant and image::text <> old_image::text
                 union all
                select n, 'd', old_tenant, null, old_image
                  from pair where old_tenant is not null and tenant is distinct from old_tenant
                 union all
                select n, 'i', tenant, image, null
                  from pair where tenant is not null and tenant is distinct from old_tenant
            ), chunked as (
                select n, op, tenant, image, old_image,
                       sum(coalesce(octet_length(image::text), 0) + coalesce(octet_length(old_image::text), 0))
                           over (order by n rows unbounded preceding) / 65536 as chunk
                  from change
            ), appended as (
                insert into rowcast.log (begun, watched, rows, op, tenant, after, before)
                select $1, $2, count(*), op, tenant,
                       case when op <> 'd' then array_agg(image order by n) end,
                       case when op <> 'i' then array_agg(old_image order by n) end
                  from chunked
                 group by tenant, op, chunk
                 order by chunk
                returning tenant, rows
            )
            select array_agg(distinct tenant), sum(rows) from appended $many$,
            tg_argv[1],
            case when exclude is null then 'row_to_json(r.*)' else '(to_jsonb(r.*) - $3)::json' end)
        into tenants, row_count
        using begun, watched_id, exclude;
        if tenants is null then
            return null;
        end if;
    end if;
    if not pg_try_advisory_xact_lock_shared(8245940711459091457) then
        perform rowcast.ring(watched_id, tg_op, row_count, tenants);
    end if;
    return null;
end $$;

-- After truncate. It concerns every tenant; the seal hands it to each one.
create or replace function rowcast.capture_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    watched_id constant integer := tg_argv[0];
begin
    insert into rowcast.log (begun, watched, rows, op)
    values (rowcast.end_statement(tg_relid, tg_op), watched_id, 1, 't');
    if not pg_try_advisory_xact_lock_shared(8245940711459091457) then
        perform rowcast.ring(watched_id, tg_op, 1, null);
    end if;
    return null;
end $$;

-- After each row, while session_replication_role is replica: logical
-- replication applies changes without firing statement triggers.
create or replace function rowcast.capture_replicated() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    watched_id constant integer := tg_argv[0];
    exclude constant text[] := coalesce(tg_argv[2], '{}');
    image constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    old_image constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    tenant constant text := image ->> tg_argv[1];
    old_tenant constant text := old_image ->> tg_argv[1];
begin
    if tenant = old_tenant then
        if image - exclude = old_image - exclude then
            return null;
        end if;
        insert into rowcast.log (begun, watched, rows, op, tenant, after, before)
        values (nextval('rowcast.log_id'), watched_id, 1, 'u', tenant,
                array[(image - exclude)::json], array[(old_image - exclude)::json]);
    else
        if old_tenant is not null then
            insert into rowcast.log (begun, watched, rows, op, tenant, before)
            values (nextval('rowcast.log_id'), watched_id, 1, 'd', old_tenant, array[(old_image - exclude)::json]);
        end if;
        if tenant is not null then
            insert into rowcast.log (begun, watched, rows, op, tenant, after)
            values (nextval('rowcast.log_id'), watched_id, 1, 'i', tenant, array[(image - exclude)::json]);
        end if;
    end if;
    if not pg_try_advisory_xact_lock_shared(8245940711459091457) then
        perform rowcast.ring(watched_id, tg_op, 1, array_remove(array[tenant, old_tenant], null));
    end if;
    return null;
end $$;
