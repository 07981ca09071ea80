-- Capture: what a writer pays. Each statement on a watched table appends to
-- rowcast.log in its own transaction, and rings the doorbell only if a reader
-- is asleep. Nothing here locks a row, counts in a shared place, or fails
-- because a row is large.
--
-- Every function that a trigger calls runs as its owner with a fixed
-- search_path, so writers need no right on schema rowcast; those that write
-- values down also fix the settings that decide how a value looks, so that no
-- digit depends on the writer's session. Trigger arguments:
--   0  rowcast.watched.id
--   1  number of the tenant column in the watched table
--   2  numbers of the excluded columns, as an array literal
--   3  name of the tenant column
--   4  names of the excluded columns, as an array literal
-- Names count; a number finds a column that was renamed since. Rows without a
-- tenant, or with one that no token can name (empty or longer than 255 bytes),
-- are not captured.

-- After insert and after delete. The trigger names its transition table
-- "changed_rows" for both. One row takes one query; few and small rows take
-- queries whose plans are kept; the rest is cut into chunks of 64 KiB, by a
-- statement that is planned for the true number of rows.
create or replace function rowcast.capture() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1 set bytea_output = hex set datestyle = iso set intervalstyle = postgres set timezone = 'UTC'
as $$
declare
    begun constant bigint := rowcast.end_statement(tg_relid, tg_op);
    tenant text;
begin
    insert into rowcast.log as l (begun, watched, rows, op, tenant, after, before)
    select begun, tg_argv[0]::integer, 1, lower(left(tg_op, 1))::"char", c.tenant,
           case tg_op when 'INSERT' then c.images end, case tg_op when 'DELETE' then c.images end
      from (select one.images, case when strpos(one.images[1]::text, E'\\u') = 0 then one.images[1] ->> tg_argv[3] end as tenant
              from (select array_agg(two.image) as images, count(*) as n
                      from (select row_to_json(r.*) as image from changed_rows r limit 2) two) one
             where one.n = 1 and tg_argv[4] = '{}') c
     where octet_length(c.tenant) between 1 and 255
    returning l.tenant into tenant;
    if tenant is not null then
        if not pg_try_advisory_xact_lock_shared(8245940711459091457) then
            perform rowcast.ring(tg_argv[0]::integer, tg_op, 1, array[tenant]);
        end if;
        return null;
    end if;

    declare
        kind constant "char" := lower(left(tg_op, 1));
        watched_id constant integer := tg_argv[0];
        image json;
        images json[];
        tenants text[];
        row_count bigint := 0;
        bytes bigint := 0;
        exclude constant text[] := tg_argv[4];
        short boolean := exclude = '{}' or rowcast.excluded_by_name(watched_id, exclude, tg_argv[2]::smallint[]);
    begin
        for image in select row_to_json(r.*) from changed_rows r limit 65 loop
            row_count := row_count + 1;
            bytes := bytes + octet_length(image::text);
            -- An escaped character may be one that the operator ->> refuses.
            short := short and row_count < 65 and bytes <= 65536 and strpos(image::text, E'\\u') = 0;
            exit when not short;
            tenants[row_count] := image ->> tg_argv[3];
            short := coalesce(octet_length(tenants[row_count]) between 1 and 255, false);
            exit when not short;
            images[row_count] := case when exclude = '{}' then image else rowcast.without(image, exclude) end;
        end loop;
        if row_count = 0 then
            return null;
        elsif short then
            insert into rowcast.log (begun, watched, rows, op, tenant, after, before)
            select begun, watched_id, count(*), kind, c.tenant,
                   case kind when 'i' then array_agg(c.image order by c.n) end,
                   case kind when 'd' then array_agg(c.image order by c.n) end
              from unnest(images, tenants) with ordinality c (image, tenant, n)
             group by c.tenant
             order by min(c.n);
        else
            execute format($many$
                with source as (
                    select r.%1$I::text as tenant, %2$s as image
                      from changed_rows r
                     where octet_length(r.%1$I::text) between 1 and 255
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
                     order by chunk, min(n)
                    returning tenant, rows
                )
                select array_agg(tenant), sum(rows) from appended $many$,
                rowcast.tenant_column(watched_id, tg_argv[3], tg_argv[1]::smallint),
                rowcast.image(watched_id, tg_relid, exclude, tg_argv[2]::smallint[]))
            into tenants, row_count
            using begun, watched_id, kind;
        end if;
        if tenants is not null and not pg_try_advisory_xact_lock_shared(8245940711459091457) then
            perform rowcast.ring(watched_id, tg_op, row_count, tenants);
        end if;
        return null;
    end;
end $$;

-- After update. The transition tables "old_rows" and "new_rows" hold the rows
-- of a statement in the same order, so the n-th of each belong together, also
-- when the primary key changed. A row that looks the same before and after is
-- no change. A row that moved to another tenant is a delete for the one and an
-- insert for the other: neither may see the other's values.
create or replace function rowcast.capture_update() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1 set bytea_output = hex set datestyle = iso set intervalstyle = postgres set timezone = 'UTC'
as $$
declare
    begun constant bigint := rowcast.end_statement(tg_relid, tg_op);
    tenant text;
begin
    insert into rowcast.log as l (begun, watched, rows, op, tenant, after, before)
    select begun, tg_argv[0]::integer, 1, 'u', c.tenant, c.images, c.old_images
      from (select one.images, one.old_images,
                   case when strpos(one.images[1]::text, E'\\u') = 0 then one.images[1] ->> tg_argv[3] end as tenant,
                   case when strpos(one.old_images[1]::text, E'\\u') = 0 then one.old_images[1] ->> tg_argv[3] end as old_tenant
              from (select array_agg(two.image) as images, array_agg(two.old_image) as old_images, count(*) as n
                      from (select row_to_json(n.*) as image, row_to_json(o.*) as old_image
                              from new_rows n, old_rows o limit 2) two) one
             where one.n = 1 and tg_argv[4] = '{}' and one.images[1]::text <> one.old_images[1]::text) c
     where c.tenant = c.old_tenant and octet_length(c.tenant) between 1 and 255
    returning l.tenant into tenant;
    if tenant is not null then
        if not pg_try_advisory_xact_lock_shared(8245940711459091457) then
            perform rowcast.ring(tg_argv[0]::integer, tg_op, 1, array[tenant]);
        end if;
        return null;
    end if;

    declare
        watched_id constant integer := tg_argv[0];
        image json;
        images json[];
        old_images json[];
        tenants text[];
        old_tenants text[];
        row_count bigint := 0;
        bytes bigint := 0;
        exclude constant text[] := tg_argv[4];
        short boolean := exclude = '{}' or rowcast.excluded_by_name(watched_id, exclude, tg_argv[2]::smallint[]);
    begin
        for image in select row_to_json(n.*) from new_rows n limit 65 loop
            row_count := row_count + 1;
            bytes := bytes + octet_length(image::text);
            short := short and row_count < 65 and bytes <= 65536 and strpos(image::text, E'\\u') = 0;
            exit when not short;
            tenants[row_count] := image ->> tg_argv[3];
            short := coalesce(octet_length(tenants[row_count]) between 1 and 255, false);
            exit when not short;
            images[row_count] := case when exclude = '{}' then image else rowcast.without(image, exclude) end;
        end loop;
        if row_count = 0 then
            return null;
        elsif short then
            row_count := 0;
            for image in select row_to_json(o.*) from old_rows o loop
                row_count := row_count + 1;
                bytes := bytes + octet_length(image::text);
                short := bytes <= 131072 and strpos(image::text, E'\\u') = 0;
                exit when not short;
                old_tenants[row_count] := image ->> tg_argv[3];
                short := coalesce(octet_length(old_tenants[row_count]) between 1 and 255, false);
                exit when not short;
                old_images[row_count] := case when exclude = '{}' then image else rowcast.without(image, exclude) end;
            end loop;
        end if;
        if short then
            with appended as (
                insert into rowcast.log (begun, watched, rows, op, tenant, after, before)
                select begun, watched_id, count(*), c.op, c.tenant,
                       case when c.op <> 'd' then array_agg(c.image order by c.n) end,
                       case when c.op <> 'i' then array_agg(c.old_image order by c.n) end
                  from (select p.n, k.op, case k.op when 'd' then p.old_tenant else p.tenant end as tenant, p.image, p.old_image
                          from unnest(images, old_images, tenants, old_tenants) with ordinality
                               p (image, old_image, tenant, old_tenant, n)
                          join (values ('u'::"char"), ('d'), ('i')) k (op)
                            on case k.op when 'u' then p.tenant = p.old_tenant and p.image::text <> p.old_image::text
                                         else p.tenant <> p.old_tenant end) c
                 group by c.tenant, c.op
                 order by min(c.n), c.op
                returning log.tenant, log.rows
            )
            select array_agg(a.tenant), sum(a.rows) into tenants, row_count from appended a;
        else
            execute format($many$
                with new_source as (
                    select row_number() over () as n, r.%1$I::text as tenant, %2$s as image from new_rows r
                ), old_source as (
                    select row_number() over () as n, r.%1$I::text as tenant, %2$s as image from old_rows r
                ), pair as (
                    select n, a.image, b.image as old_image,
                           case when octet_length(a.tenant) between 1 and 255 then a.tenant end as tenant,
                           case when octet_length(b.tenant) between 1 and 255 then b.tenant end as old_tenant
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
                     order by chunk, min(n), op
                    returning tenant, rows
                )
                select array_agg(tenant), sum(rows) from appended $many$,
                rowcast.tenant_column(watched_id, tg_argv[3], tg_argv[1]::smallint),
                rowcast.image(watched_id, tg_relid, exclude, tg_argv[2]::smallint[]))
            into tenants, row_count
            using begun, watched_id;
        end if;
        if tenants is not null and not pg_try_advisory_xact_lock_shared(8245940711459091457) then
            perform rowcast.ring(watched_id, tg_op, row_count, tenants);
        end if;
        return null;
    end;
end $$;

-- After truncate. It concerns every tenant; the seal hands it to each one.
-- Truncating a partitioned table also fires for each partition, so nothing is
-- added to a truncate that is the newest the transaction did to the table. A
-- partition that was detached since is none of ours.
create or replace function rowcast.capture_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    watched_id constant integer := tg_argv[0];
begin
    if not exists (select from rowcast.watched w
                    where w.id = watched_id
                      and (w.relation = tg_relid or w.relation in (select a.relid from pg_partition_ancestors(tg_relid) a)))
        or (select l.op from rowcast.log l
             where l.xid = pg_current_xact_id() and l.watched = watched_id
             order by l.id desc limit 1) = 't' then
        return null;
    end if;
    insert into rowcast.log (begun, watched, rows, op)
    values (rowcast.end_statement(tg_relid, tg_op), watched_id, 1, 't');
    if not pg_try_advisory_xact_lock_shared(8245940711459091457) then
        perform rowcast.ring(watched_id, tg_op, 1, null);
    end if;
    return null;
end $$;
