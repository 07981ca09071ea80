-- While session_replication_role is replica: after each row, because logical
-- replication applies changes without firing statement triggers. A statement that
-- somebody executes has begun, and is closed after its last row.
create or replace function rowcast.capture_replicated() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1 set bytea_output = hex set datestyle = iso set intervalstyle = postgres set timezone = 'UTC'
set lc_monetary = 'C' set quote_all_identifiers = off
as $$
declare
    watched_id constant integer := tg_argv[0];
    look text;
    image json;
    old_image json;
    tenant text;
    old_tenant text;
    begun bigint;
    entry bigint[];
begin
    -- Whatever the trigger is enabled for, other changes have been captured. A role
    -- that may use the schema could make such a trigger on a table of its own.
    if current_setting('session_replication_role') <> 'replica' or rowcast.paused() or not rowcast.is_watched(watched_id, tg_relid) then
        return null;
    end if;
    look := format(
        'select case when octet_length(%1$s) between 1 and 255 then %1$s end, %2$s from (select ($1).*) r',
        rowcast.tenant_of_row(rowcast.tenant_column(watched_id, tg_relid, tg_argv[3], tg_argv[1]::smallint)),
        rowcast.image(watched_id, tg_relid, tg_argv[4]::text[], tg_argv[2]::smallint[]));
    begun := rowcast.newest_number();
    if begun % 3 = 0 then
        begun := rowcast.next_statement();
    elsif begun % 3 = 2 then
        entry := rowcast.close_statement(tg_relid, tg_op, false);
        begun := entry[1];
    end if;
    if tg_op <> 'DELETE' then
        execute look into tenant, image using new;
    end if;
    if tg_op <> 'INSERT' then
        execute look into old_tenant, old_image using old;
    end if;
    if entry[4] is not null and rowcast.is_serializable() then
        perform rowcast.remember(watched_id, begun, array_remove(array[tenant, old_tenant], null),
            case when tenant is null then array[old_image] else array[image, old_image] end, null);
    end if;
    if tenant = old_tenant then
        if image::text = old_image::text then
            return null;
        end if;
        insert into rowcast.log_active (begun, origin, watched, rows, op, tenant, after, before)
        values (begun, entry[4:9], watched_id, 1, 'u', tenant, array[image], array[old_image]);
    else
        if old_tenant is not null then
            insert into rowcast.log_active (begun, origin, watched, rows, op, tenant, before)
            values (begun, entry[4:9], watched_id, 1, 'd', old_tenant, array[old_image]);
        end if;
        if tenant is not null then
            insert into rowcast.log_active (begun, origin, watched, rows, op, tenant, after)
            values (begun, entry[4:9], watched_id, 1, 'i', tenant, array[image]);
        end if;
    end if;
    if coalesce(tenant, old_tenant) is not null and rowcast.is_due(1) then
        perform rowcast.after_append(watched_id, tg_op, 1, array_remove(array[old_tenant, tenant], null));
    end if;
    return null;
end $$;

-- After a statement, while session_replication_role is replica.
create or replace function rowcast.close_replicated() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1 set bytea_output = hex set datestyle = iso set intervalstyle = postgres set timezone = 'UTC'
set lc_monetary = 'C' set quote_all_identifiers = off
as $$
begin
    if current_setting('session_replication_role') <> 'replica' then
        return null;
    end if;
    if nextval('rowcast.statement') % 3 <> 2 then
        perform rowcast.settle('{}', tg_argv[0]::integer, tg_relid, rowcast.close_statement(tg_relid, tg_op), tg_op, null);
    else
        perform nextval('rowcast.statement');
    end if;
    return null;
end $$;
