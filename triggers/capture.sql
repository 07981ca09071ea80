-- Capture: what a writer pays. Each statement on a watched table appends to
-- rowcast.log_active in its own transaction, and notifies only if a
-- reader is asleep. Nothing here locks a row, counts in a shared place, or
-- fails because a row is large.
--
-- Every function that a trigger calls runs as its owner, so writers need no right on
-- schema rowcast. The owner of a watched table must not get rights by that, so no code
-- of his runs here: see rowcast.image, for a whole kind of columns that have to be
-- written down one by one. Most tables have none. rowcast.plain_here says so for the
-- table in the setting rowcast.relation. It is evaluated when the query that asks it is
-- planned. That plan is kept until the table is changed, which nobody can do while a
-- statement holds its lock.
--
-- Values are written down under fixed settings, so that
-- no digit depends on the writer's session. The common way changes none of them,
-- because that costs as much as the log row does: it looks whether they are
-- right, and names the schema of whatever it uses, operators as well, so that no
-- search_path can put something else in its place. Before it leaves that way,
-- capture fixes the search_path too.
-- Trigger arguments:
--   0  rowcast.watched.id
--   1  number of the tenant column in the watched table
--   2  numbers of the excluded columns, as an array literal
--   3  name of the tenant column
--   4  names of the excluded columns, as an array literal, which of a partition
--      begins with a brace and a blank
--   5  stem of the event names, for a database that lacks rowcast.watched
-- Names count; a number finds a column that was renamed since. Rows without a
-- tenant, or with one that no token can name (empty or longer than 255 bytes),
-- are not captured.
--
-- A statement takes the first of three ways that is open to it. One row is one insert.
-- Few and small rows are read by a query whose plan is kept. For the rest a query is
-- planned and read row by row, so that a buffer is all that is held of a million rows.
-- Where columns are left out, or written one by one, the first two are open to the
-- functions that triggers/named.sql makes of these: it replaces what reads "whole"
-- rows.
--
-- Of an update of wide rows, what it left as it was is logged in the new rows alone;
-- image.sql says how.
--
-- An expression of this language is prepared anew in each transaction, which
-- costs more than to evaluate it: the way that most statements take has few.

-- After insert and after delete. The trigger names its transition table
-- "changed_rows" for both.
create or replace function rowcast.capture() returns trigger
language plpgsql security definer as $$
declare
    settings pg_catalog.text[];
    images pg_catalog.json[];
    tenant pg_catalog.text;
    entry pg_catalog.int8[]; -- null in the ordinary way
    settled pg_catalog.text;
begin
    if not rowcast.ordinary() then
        if pg_catalog.current_setting('session_replication_role') operator(pg_catalog.=) 'replica' then
            settled := rowcast.leave_to_rows();
            return null;
        end if;
        entry := rowcast.close_statement(tg_relid, tg_op);
        settings := '{}';
        if not rowcast.settings_fixed() then
            if rowcast.paused() then
                return null;
            end if;
            settings := rowcast.fix_settings();
        end if;
    end if;
    if coalesce(pg_catalog.current_setting('rowcast.relation', true), '') operator(pg_catalog.<>) tg_relid::pg_catalog.text then
        settled := pg_catalog.set_config('rowcast.relation', tg_relid::pg_catalog.text, false);
    end if;
    images := array(select pg_catalog.row_to_json(whole.*) from changed_rows whole where rowcast.plain_here() limit 2);
    -- An escaped character may be one that the operator ->> refuses, and to look
    -- through a wide row costs as much as to write it down.
    tenant := case when images[2] is null and tg_argv[4] operator(pg_catalog.=) '{}' and pg_catalog.pg_column_size(images) operator(pg_catalog.<=) 16384
                    and images[1]::pg_catalog.text operator(pg_catalog.!~~) E'%\\\\u%'
                   then images[1] operator(pg_catalog.->>) tg_argv[3] end;
    loop
        if tenant operator(pg_catalog.<>) '' and pg_catalog.octet_length(tenant) operator(pg_catalog.<=) 255 then
            if settings is null then
                if tg_op operator(pg_catalog.=) 'INSERT' then
                    insert into rowcast.log_active (begun, watched, rows, op, tenant, after)
                    values (pg_catalog.nextval('rowcast.statement') operator(pg_catalog.-) 2, tg_argv[0]::integer, 1, 'i', tenant, images);
                else
                    insert into rowcast.log_active (begun, watched, rows, op, tenant, before)
                    values (pg_catalog.nextval('rowcast.statement') operator(pg_catalog.-) 2, tg_argv[0]::integer, 1, 'd', tenant, images);
                end if;
                if rowcast.reader_asleep() then
                    perform rowcast.notify(tg_argv[0]::integer, tg_op, 1, array[tenant]);
                end if;
                return null;
            end if;
            insert into rowcast.log_active (begun, origin, watched, rows, op, tenant, after, before)
            values (coalesce(entry[1], pg_catalog.nextval('rowcast.statement') operator(pg_catalog.-) 2), entry[4:9], tg_argv[0]::integer, 1,
                    case when tg_op operator(pg_catalog.=) 'INSERT' then 'i'::pg_catalog."char" else 'd' end, tenant,
                    case when tg_op operator(pg_catalog.=) 'INSERT' then images end,
                    case when tg_op operator(pg_catalog.=) 'DELETE' then images end);
            if rowcast.is_due(1) then
                perform rowcast.after_append(tg_argv[0]::integer, tg_op, 1, array[tenant]);
            end if;
            if entry[4] is not null and rowcast.is_serializable() then
                perform rowcast.remember(tg_argv[0]::integer, entry[1], array[tenant], images, null);
            end if;
            settled := rowcast.settle(settings, tg_argv[0]::integer, tg_relid, entry, tg_op, 1);
            return null;
        end if;
        exit when tenant is not null or images[1] is null or images[2] is not null or tg_argv[4] operator(pg_catalog.<>) '{}';
        -- The column has it, also where the row has to be left alone.
        settings := rowcast.fix_search_path(settings);
        execute format('select coalesce(%s, '''') from changed_rows r',
            coalesce(rowcast.tenant_of_row(rowcast.tenant_column(tg_argv[0]::integer, tg_relid, tg_argv[3], tg_argv[1]::smallint)), 'null')) into tenant;
    end loop;
    if pg_catalog.cardinality(images) operator(pg_catalog.=) 0 and not exists (select from changed_rows) then
        if settings is null then
            settled := pg_catalog.nextval('rowcast.statement');
        else
            settled := rowcast.settle(settings, tg_argv[0]::integer, tg_relid, null, tg_op, 0);
        end if;
        return null;
    end if;
    settings := rowcast.fix_search_path(settings);
    if left(tg_argv[4], 2) = '{ ' and not rowcast.is_watched(tg_argv[0]::integer, tg_relid) then -- a partition that was detached
        if entry is null then
            settled := nextval('rowcast.statement');
        end if;
        settled := rowcast.settle(settings, tg_argv[0]::integer, tg_relid, null, tg_op, 0);
        return null;
    end if;

    declare
        begun constant bigint := coalesce(entry[1], nextval('rowcast.statement') - 2);
        origin constant bigint[] := entry[4:9];
        kind constant pg_catalog."char" := lower(left(tg_op, 1));
        watched_id constant integer := tg_argv[0];
        exclude constant pg_catalog.text[] := tg_argv[4];
        short boolean := cardinality(images) > 0 and exclude = '{}';
        image pg_catalog.json;
        tenants pg_catalog.text[];
        touched pg_catalog.text[] := '{}'; -- the tenants of what was appended already
        mixed boolean := false;
        buffered integer := 0;
        bytes bigint := 0;
        row_count bigint := 0;
    begin
        images := '{}';
        if short then
            for image in select row_to_json(whole.*) from changed_rows whole limit 65 loop
                row_count := row_count + 1;
                bytes := bytes + octet_length(image::text);
                short := short and row_count < 65 and bytes <= 65536 and strpos(image::text, E'\\u') = 0;
                exit when not short;
                tenants[row_count] := image ->> tg_argv[3];
                short := coalesce(octet_length(tenants[row_count]) between 1 and 255, false);
                exit when not short;
                images[row_count] := image;
            end loop;
        end if;
        if not short then
            images := '{}';
            tenants := '{}';
            bytes := 0;
            row_count := 0;
            for tenant, image in execute format(
                'select %1$s, %2$s from changed_rows r where octet_length(%1$s) between 1 and 255',
                rowcast.tenant_of_row(rowcast.tenant_column(watched_id, tg_relid, tg_argv[3], tg_argv[1]::smallint)),
                rowcast.image(watched_id, tg_relid, exclude, tg_argv[2]::smallint[]))
            loop
                row_count := row_count + 1;
                buffered := buffered + 1;
                tenants[buffered] := tenant;
                images[buffered] := image;
                mixed := mixed or tenant <> tenants[1];
                bytes := bytes + octet_length(image::text);
                if bytes >= 65536 and (bytes >= 1048576 or not mixed) then
                    touched := rowcast.append(touched, begun, 0, origin, watched_id,
                        case when origin is not null then array(select generate_series(row_count - buffered + 1, row_count)) end,
                        array_fill(kind, array[buffered]), tenants, images, images);
                    images := '{}';
                    tenants := '{}';
                    mixed := false;
                    buffered := 0;
                    bytes := 0;
                end if;
            end loop;
        end if;
        if cardinality(tenants) > 0 then
            touched := rowcast.append(touched, begun, 0, origin, watched_id,
                case when origin is not null then array(select generate_series(row_count - cardinality(tenants) + 1, row_count)) end,
                array_fill(kind, array[cardinality(tenants)]), tenants, images, images);
        end if;
        if touched <> '{}' and rowcast.is_due(row_count) then
            perform rowcast.after_append(watched_id, tg_op, row_count, touched);
        end if;
        if settings is not null then
            settled := rowcast.settle(settings, tg_argv[0]::integer, tg_relid, entry, tg_op,
                case when entry is not null then (select count(*) from changed_rows) end);
        end if;
        return null;
    end;
end $$;

-- After update. The transition tables "old_rows" and "new_rows" hold the rows
-- of a statement in the same order, so the n-th of each belong together, also
-- when the primary key changed. One may lack a row: when it went to another
-- partition, and a trigger there kept it out. Then rows belong together that have
-- the same key, and others were deleted and inserted. A row that looks the same before and after is
-- no change. A row that moved to another tenant is a delete for the one and an
-- insert for the other: neither may see the other's values.
create or replace function rowcast.capture_update() returns trigger
language plpgsql security definer as $$
declare
    settings pg_catalog.text[];
    images pg_catalog.json[];
    old_images pg_catalog.json[];
    tenant pg_catalog.text;
    old_tenant pg_catalog.text;
    entry pg_catalog.int8[];
    settled pg_catalog.text;
begin
    if not rowcast.ordinary() then
        if pg_catalog.current_setting('session_replication_role') operator(pg_catalog.=) 'replica' then
            settled := rowcast.leave_to_rows();
            return null;
        end if;
        entry := rowcast.close_statement(tg_relid, tg_op);
        settings := '{}';
        if not rowcast.settings_fixed() then
            if rowcast.paused() then
                return null;
            end if;
            settings := rowcast.fix_settings();
        end if;
    end if;
    if coalesce(pg_catalog.current_setting('rowcast.relation', true), '') operator(pg_catalog.<>) tg_relid::pg_catalog.text then
        settled := pg_catalog.set_config('rowcast.relation', tg_relid::pg_catalog.text, false);
    end if;
    images := array(select pg_catalog.row_to_json(whole.*) from new_rows whole where rowcast.plain_here() limit 2);
    if images[1] is not null and images[2] is null and tg_argv[4] operator(pg_catalog.=) '{}' and pg_catalog.pg_column_size(images) operator(pg_catalog.<=) 32768 then
        old_images := array(select pg_catalog.row_to_json(whole.*) from old_rows whole limit 2);
        if old_images[2] is null and pg_catalog.pg_column_size(images) operator(pg_catalog.<=) 16384
            and images[1]::pg_catalog.text operator(pg_catalog.!~~) E'%\\\\u%' and old_images[1]::pg_catalog.text operator(pg_catalog.!~~) E'%\\\\u%' then
            tenant := images[1] operator(pg_catalog.->>) tg_argv[3];
            old_tenant := old_images[1] operator(pg_catalog.->>) tg_argv[3];
        end if;
    elsif images[1] is not null and images[2] is null and tg_argv[4] operator(pg_catalog.=) '{}' then
        settings := rowcast.fix_search_path(settings);
        if rowcast.is_alone(entry) then
            execute (select rowcast.look_for_changed('{}', '{}', 0) from new_rows limit 1) into old_images using images;
        else
            old_images := array(select row_to_json(whole.*) from old_rows whole limit 2);
        end if;
    end if;
    loop
        if tenant operator(pg_catalog.=) old_tenant and tenant operator(pg_catalog.<>) '' and pg_catalog.octet_length(tenant) operator(pg_catalog.<=) 255 then
            if settings is null then
                if images[1]::pg_catalog.text operator(pg_catalog.<>) old_images[1]::pg_catalog.text then
                    insert into rowcast.log_active (begun, watched, rows, op, tenant, after, before)
                    values (pg_catalog.nextval('rowcast.statement') operator(pg_catalog.-) 2, tg_argv[0]::integer, 1, 'u', tenant, images, old_images);
                    if rowcast.reader_asleep() then
                        perform rowcast.notify(tg_argv[0]::integer, tg_op, 1, array[tenant]);
                    end if;
                else
                    settled := pg_catalog.nextval('rowcast.statement');
                end if;
                return null;
            end if;
            if images[1]::pg_catalog.text operator(pg_catalog.<>) old_images[1]::pg_catalog.text then
                insert into rowcast.log_active (begun, origin, watched, rows, op, tenant, after, before)
                values (coalesce(entry[1], pg_catalog.nextval('rowcast.statement') operator(pg_catalog.-) 2), entry[4:9],
                        tg_argv[0]::integer, 1, 'u', tenant, images, old_images);
                if rowcast.is_due(1) then
                    perform rowcast.after_append(tg_argv[0]::integer, tg_op, 1, array[tenant]);
                end if;
                if entry[4] is not null and rowcast.is_serializable() then
                    perform rowcast.remember(tg_argv[0]::integer, entry[1], array[tenant], images, old_images);
                end if;
            elsif entry is null then
                settled := pg_catalog.nextval('rowcast.statement');
            end if;
            settled := rowcast.settle(settings, tg_argv[0]::integer, tg_relid, entry, tg_op, 1);
            return null;
        end if;
        exit when tenant is not null or old_images[1] is null or old_images[2] is not null;
        settings := rowcast.fix_search_path(settings);
        execute format('select coalesce(%1$s, ''''), (select %1$s from old_rows r) from new_rows r',
            coalesce(rowcast.tenant_of_row(rowcast.tenant_column(tg_argv[0]::integer, tg_relid, tg_argv[3], tg_argv[1]::smallint)), 'null')) into tenant, old_tenant;
    end loop;
    if pg_catalog.cardinality(images) operator(pg_catalog.=) 0 and not exists (select from new_rows) and not exists (select from old_rows) then
        if settings is null then
            settled := pg_catalog.nextval('rowcast.statement');
        else
            settled := rowcast.settle(settings, tg_argv[0]::integer, tg_relid, null, tg_op, 0);
        end if;
        return null;
    end if;
    settings := rowcast.fix_search_path(settings);
    if left(tg_argv[4], 2) = '{ ' and not rowcast.is_watched(tg_argv[0]::integer, tg_relid) then -- a partition that was detached
        if entry is null then
            settled := nextval('rowcast.statement');
        end if;
        settled := rowcast.settle(settings, tg_argv[0]::integer, tg_relid, null, tg_op, 0);
        return null;
    end if;

    declare
        begun constant bigint := coalesce(entry[1], nextval('rowcast.statement') - 2);
        origin constant bigint[] := entry[4:9];
        watched_id constant integer := tg_argv[0];
        exclude constant pg_catalog.text[] := tg_argv[4];
        paired constant boolean := (select count(*) from new_rows) = (select count(*) from old_rows);
        short boolean := cardinality(images) > 0 and paired and exclude = '{}';
        tenant_column pg_catalog.text;
        unchanged pg_catalog.text[]; -- columns that the old rows are logged without
        written pg_catalog.text; -- how new rows are written down
        old_written pg_catalog.text; -- and old ones
        kind pg_catalog."char";
        image pg_catalog.json;
        old_image pg_catalog.json;
        part bigint := 0; -- another for each buffer, once a row has moved between tenants
        ordinal bigint;
        ordinals bigint[];
        kinds pg_catalog."char"[] := '{}';
        tenants pg_catalog.text[] := '{}';
        touched pg_catalog.text[] := '{}';
        mixed boolean := false;
        buffered integer := 0;
        bytes bigint := 0;
        seen integer := 0;
        row_count bigint := 0;
    begin
        images := '{}';
        old_images := '{}';
        if short then
            for image, old_image in
                select a.image, b.image
                  from (select row_number() over () as n, row_to_json(whole.*) as image from new_rows whole limit 65) a
                  join (select row_number() over () as n, row_to_json(whole.*) as image from old_rows whole limit 65) b using (n)
                 order by a.n
            loop
                seen := seen + 1;
                bytes := bytes + octet_length(image::text) + octet_length(old_image::text);
                short := short and seen < 65 and bytes <= 131072
                    and strpos(image::text, E'\\u') = 0 and strpos(old_image::text, E'\\u') = 0;
                exit when not short;
                tenant := image ->> tg_argv[3];
                old_tenant := old_image ->> tg_argv[3];
                short := coalesce(tenant = old_tenant and octet_length(tenant) between 1 and 255, false);
                exit when not short;
                continue when image::text = old_image::text;
                buffered := buffered + 1;
                ordinals[buffered] := seen;
                kinds[buffered] := 'u';
                tenants[buffered] := tenant;
                images[buffered] := image;
                old_images[buffered] := old_image;
            end loop;
        end if;
        if not short then
            tenant_column := rowcast.tenant_column(watched_id, tg_relid, tg_argv[3], tg_argv[1]::smallint);
            written := rowcast.image(watched_id, tg_relid, exclude, tg_argv[2]::smallint[]);
            if paired and bytes > 131072 and rowcast.is_alone(entry) then
                execute rowcast.look_for_unchanged(watched_id, tg_relid, exclude, tg_argv[2]::smallint[], tenant_column) into unchanged;
            end if;
            old_written := case when unchanged <> '{}' then rowcast.image(watched_id, tg_relid, exclude || unchanged, tg_argv[2]::smallint[]) else written end;
            ordinals := null;
            kinds := '{}';
            images := '{}';
            old_images := '{}';
            tenants := '{}';
            buffered := 0;
            bytes := 0;
            for ordinal, kind, tenant, image, old_image in execute format($many$
                with new_source as (
                    select row_number() over () as n, %1$s as tenant, %2$s as image, %5$s as like_old, %4$s as key from new_rows r
                ), old_source as (
                    select row_number() over () as n, %1$s as tenant, %6$s as image, %4$s as key from old_rows r
                ), pair as (
                    select coalesce(a.n, b.n) as n, a.image, coalesce(a.like_old, a.image) as like_old, b.image as old_image,
                           case when octet_length(a.tenant) between 1 and 255 then a.tenant end as tenant,
                           case when octet_length(b.tenant) between 1 and 255 then b.tenant end as old_tenant
                      from new_source a %3$s
                )
                select p.n, k.kind, case k.kind when 'd' then p.old_tenant else p.tenant end, p.image, p.old_image
                  from pair p
                  join (values ('u'::"char"), ('d'), ('i')) k (kind)
                    on case k.kind when 'u' then p.tenant = p.old_tenant and p.like_old::text <> p.old_image::text
                                   when 'd' then p.old_tenant is not null and p.tenant is distinct from p.old_tenant
                                   else p.tenant is not null and p.tenant is distinct from p.old_tenant end
                 order by p.n $many$,
                rowcast.tenant_of_row(tenant_column), written,
                case when paired then 'join old_source b on b.n = a.n' else 'full join old_source b on b.key = a.key' end,
                case when paired then 'null' else rowcast.key_of_row(tg_relid) end,
                coalesce(nullif(old_written, written), 'null::json'), old_written)
            loop
                buffered := buffered + 1;
                ordinals[buffered] := ordinal;
                kinds[buffered] := kind;
                tenants[buffered] := tenant;
                images[buffered] := image;
                old_images[buffered] := old_image;
                mixed := mixed or tenant <> tenants[1] or kind <> kinds[1];
                if part = 0 and kind <> 'u' then
                    part := rowcast.next_part();
                end if;
                bytes := bytes + octet_length(image::text) + octet_length(old_image::text);
                if bytes >= 65536 and (bytes >= 1048576 or not mixed) then
                    touched := rowcast.append(touched, begun, part, origin, watched_id, ordinals, kinds, tenants, images, old_images);
                    row_count := row_count + buffered;
                    if part > 0 then
                        part := rowcast.next_part();
                    end if;
                    ordinals := null;
                    kinds := '{}';
                    images := '{}';
                    old_images := '{}';
                    tenants := '{}';
                    mixed := false;
                    buffered := 0;
                    bytes := 0;
                end if;
            end loop;
        end if;
        if buffered > 0 then
            touched := rowcast.append(touched, begun, part, origin, watched_id, ordinals, kinds, tenants, images, old_images);
            row_count := row_count + buffered;
        end if;
        if touched <> '{}' and rowcast.is_due(row_count) then
            perform rowcast.after_append(watched_id, tg_op, row_count, touched);
        end if;
        if settings is not null then
            settled := rowcast.settle(settings, tg_argv[0]::integer, tg_relid, entry, tg_op,
                case when entry is not null then (select count(*) from new_rows) end);
        end if;
        return null;
    end;
end $$;

-- Appends what was buffered: the n-th elements of the arrays are a change, and
-- the ordinals those of the rows in the statement, which put_in_order asks for. One
-- log row holds about 64 KiB of JSON of one tenant and operation. Returns
-- touched with the tenants added, as long as they are few enough to be named.
--
-- A part of a statement in which rows move between tenants has deletes first and
-- inserts last, so that a key is free before it is taken. If a row is changed more than
-- once, as several foreign keys can do, the changes of each tenant stay in the order of
-- the rows, in parts.
create or replace function rowcast.append(
    touched text[], begun bigint, part bigint, origin bigint[], watched_id integer, ordinals bigint[], kinds "char"[], tenants text[], images json[], old_images json[]
) returns text[]
language plpgsql as $$
begin
    if origin is not null and rowcast.is_serializable() then
        perform rowcast.remember(watched_id, begun, tenants, images, old_images);
    end if;
    if tenants[1] = all (tenants) and kinds[1] = all (kinds) and tenants[1] = any (touched) then
        insert into rowcast.log_active (begun, part, origin, watched, rows, op, tenant, after, before)
        values (begun, part, origin || ordinals, watched_id, cardinality(tenants), kinds[1], tenants[1],
                case when kinds[1] <> 'd' then images end, case when kinds[1] <> 'i' then old_images end);
        return touched;
    end if;
    with buffered as (
        select c.*, b.moved_again and c.kind <> lag(c.kind, 1, c.kind) over (partition by c.tenant order by c.n) as turns
          from unnest(ordinals, kinds, tenants, images, old_images) with ordinality c (ordinal, kind, tenant, image, old_image, n)
         cross join (
                select part > 0 and exists (
                           select from unnest(images) with ordinality i (image, n) join unnest(old_images) with ordinality o (image, n)
                               on o.n > i.n and o.image::text = i.image::text) as moved_again) b
    ), chunked as (
        select r.*, sum(case when r.kind <> 'd' then octet_length(r.image::text) else 0 end
                      + case when r.kind <> 'i' then octet_length(r.old_image::text) else 0 end)
                        over (partition by r.tenant, r.run, r.kind order by r.n) / 65536 as chunk
          from (select c.*, count(*) filter (where c.turns) over (partition by c.tenant order by c.n) as run from buffered c) r
    ), appended as (
        insert into rowcast.log_active (begun, part, origin, watched, rows, op, tenant, after, before)
        select begun, case c.run when 0 then part else rowcast.next_part() end, origin || case when origin is not null then array_agg(c.ordinal order by c.n) end, watched_id, count(*), c.kind, c.tenant,
               case when c.kind <> 'd' then array_agg(c.image order by c.n) end,
               case when c.kind <> 'i' then array_agg(c.old_image order by c.n) end
          from chunked c
         group by c.tenant, c.run, c.kind, c.chunk
         order by min(c.n), c.kind
        returning log_active.tenant
    )
    select case when cardinality(touched) <= 2000
                then array(select t from unnest(touched) t union select a.tenant from appended a)
                else touched end
      into touched;
    return touched;
end $$;

-- After truncate. It concerns every tenant; the seal hands it to each one. Truncating a
-- partitioned table also fires for each partition. So nothing is added if the newest
-- that the transaction did to the table is a truncate of it, or of a partition that
-- holds this one. A serializable one does not look. A partition that is truncated by
-- itself is named: the other rows of the table are still there. One that was detached
-- since is none of ours.
create or replace function rowcast.capture_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    watched_id constant integer := tg_argv[0];
    is_part constant boolean := starts_with(tg_argv[4], '{ ');
    ancestors constant oid[] := array(select a.relid from pg_partition_ancestors(tg_relid) a);
    newest record;
begin
    if rowcast.paused() or is_part and not rowcast.is_watched(watched_id, tg_relid) then
        return null;
    end if;
    select l.op, (l.after[1] ->> 'partition')::oid as part into newest
      from rowcast.log_active l where l.xid = pg_current_xact_id() and l.watched = watched_id and not rowcast.is_serializable() order by l.id desc limit 1;
    if newest.op = 't' and (newest.part is null or newest.part = any (ancestors)) then
        return null;
    end if;
    insert into rowcast.log_active (begun, watched, rows, op, after)
    values (rowcast.next_statement(), watched_id, 1, 't',
            case when is_part then array[json_build_object('partition', tg_relid)] end);
    if rowcast.is_due(1) then
        perform rowcast.after_append(watched_id, tg_op, 1, null);
    end if;
    return null;
end $$;

-- Early versions called them.
drop function if exists rowcast.end_statement(oid, text), rowcast.nested(), rowcast.current_statement(),
    rowcast.append(text[], bigint, bigint, integer, "char"[], text[], json[], json[]);

