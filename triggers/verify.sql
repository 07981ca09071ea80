-- Verifying: compares what the log says a table holds with what it holds.
--
-- The newest change that the log has of a row says whether the row is there, and how it
-- looks. Both are read by one query, so in one snapshot, and capture is part of the
-- writer's transaction: what is written meanwhile is seen in both or in neither. What
-- the log does not know is how rows look that were last changed before it begins, or
-- while their table was not watched; they are counted, not compared. Rows are
-- distinguished by the primary key as it is now.

-- An image that every operator of json can read: an escape such as \u0000 becomes
-- the text \u0000.
create or replace function rowcast.readable(image json) returns json
language sql immutable as $$
    select case when strpos(image::text, E'\\u') = 0 then image
                else regexp_replace(image::text, '([^\\](?:\\\\)*)\\u', '\1\\\\u', 'g')::json end
$$;

-- The columns that two images have both, and that look different in them.
create or replace function rowcast.differences(one json, other json) returns text[]
language sql immutable as $$
    select array(select a.key from json_each(one) a join json_each(other) b using (key) where a.value::text <> b.value::text)
$$;

-- Compares a watched table with the log, in one row for each tenant, or for one tenant
-- only. log_rows and table_rows count the rows that the log knows about, by what it
-- says and by what there is. Each fingerprint covers these rows, and they are equal if
-- and only if nothing differs. differences names the first of those, by primary key.
-- unknown counts rows of which the log says nothing.
create or replace function rowcast.verify(target regclass, only_tenant text default null, examples integer default 10)
returns table (
    tenant text, log_rows bigint, table_rows bigint, log_fingerprint text, table_fingerprint text,
    different bigint, differences text[], unknown bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
set row_security = off
set extra_float_digits = 1 set bytea_output = hex set datestyle = iso set intervalstyle = postgres set timezone = 'UTC'
set lc_monetary = 'C' set quote_all_identifiers = off
as $$
declare
    watched rowcast.watched;
    ids integer[];
    key_columns text[];
    key text;
    old_key text; -- what an update has left as it was is in the new row alone
begin
    select w.* into watched from rowcast.watched w where w.relation = target and w.active;
    if not found then
        raise exception '% is not watched', target
            using errcode = 'object_not_in_prerequisite_state', hint = format('Watch it: select rowcast.watch(%L).', target);
    end if;
    ids := array(select w.id from rowcast.watched w where w.relation = target);
    key_columns := array(
        select a.attname from pg_index i cross join lateral unnest(i.indkey) with ordinality k (number, n)
          join pg_attribute a on a.attrelid = target and a.attnum = k.number
         where i.indrelid = target and i.indisprimary order by k.n);
    -- Null if the image has other names for the columns, since they were renamed.
    select case count(*) when 1 then max(u.value) else format('case when num_nulls(%1$s) = 0 then array[%1$s]::text end', string_agg(u.value, ', ' order by u.n)) end,
           case count(*) when 1 then max(u.old_value) else format('case when num_nulls(%1$s) = 0 then array[%1$s]::text end', string_agg(u.old_value, ', ' order by u.n)) end
      into key, old_key
      from (select k.n, format('(x.image ->> %L)', k.c) as value, format('coalesce(x.old_image ->> %1$L, x.image ->> %1$L)', k.c) as old_value
              from unnest(key_columns) with ordinality k (c, n)) u;
    return query execute format($query$
        with logged as (
            select l.op, l.tenant, l.after, l.before, l.begun, l.part, l.id, max(l.id) over (partition by l.xid) as last_id
              from rowcast.log l
             where l.watched = any ($1) and l.op <> 'r'
        ), emptied as (
            select l.last_id, l.begun, l.part, l.id from logged l where l.op = 't' and l.after is null
             order by l.last_id desc, l.begun desc, l.part desc, l.id desc limit 1
        ), image as (
            select l.tenant, l.last_id, l.begun, l.part, l.id, i.n, i.present, rowcast.readable(i.image) as image,
                   rowcast.readable(i.old_image) as old_image
              from logged l
             cross join lateral (
                       select a.n, true, a.image, a.old_image from unnest(l.after, l.before) with ordinality a (image, old_image, n) where l.op in ('i', 'u')
                        union all
                       select b.n, false, b.image, null from unnest(l.before) with ordinality b (image, n) where l.op = 'd') i (n, present, image, old_image)
             where not exists (select from emptied e where (l.last_id, l.begun, l.part, l.id) <= (e.last_id, e.begun, e.part, e.id))
        ), change as (
            select x.tenant, x.last_id, x.begun, x.part, x.id, x.n, x.present, case when x.present then x.image end as image, %1$s as key
              from image x
             union all
            -- An update of the key takes the old one away.
            select o.tenant, o.last_id, o.begun, o.part, o.id, o.n, false, null, o.old_key
              from (select x.*, %1$s as key, %5$s as old_key from image x where x.old_image is not null) o
             where o.key <> o.old_key
        ), latest as (
            select distinct on (c.key) c.key, c.tenant, c.image
              from change c where c.key is not null
             order by c.key, c.last_id desc, c.begun desc, c.part desc, c.present desc, c.id desc, c.n desc
        ), present as (
            select x.tenant, x.image, %1$s as key
              from (select %2$s as tenant, rowcast.readable(%3$s) as image from %4$s r) x
             where octet_length(x.tenant) between 1 and 255
        ), compared as (
            select coalesce(p.tenant, l.tenant collate "C") as tenant, coalesce(p.key, l.key) as key, l.image as log_image, p.image as table_image,
                   l.key is null and not exists (select from emptied) as unknown,
                   case when l.image is null and p.image is null or l.key is null and not exists (select from emptied) then null
                        when l.key is null then 'in the table, and not in the log since that was truncated'
                        when l.image is null then 'in the table, deleted in the log'
                        when p.image is null then 'in the log, not in the table'
                        when l.tenant <> p.tenant collate "C" then format('of tenant %%s in the log', l.tenant)
                        when l.image::text <> p.image::text
                        then (select 'differs in ' || array_to_string(d, ', ') from rowcast.differences(l.image, p.image) d where d <> '{}') end as difference
              from latest l full join present p on p.key = l.key
        ), numbered as (
            select c.*, count(c.difference) over (partition by c.tenant order by c.key) as n from compared c
             where $2 is null or c.tenant = $2
        )
        select n.tenant, count(n.log_image), count(n.table_image) filter (where not n.unknown),
               to_hex((coalesce(sum(hashtextextended(n.key || n.log_image::text, 0)), 0) %% 9223372036854775807)::bigint),
               to_hex((coalesce(sum(hashtextextended(n.key || case when n.difference is null then n.log_image else n.table_image end::text, 0))
                                filter (where not n.unknown), 0) %% 9223372036854775807)::bigint),
               count(n.difference),
               coalesce(array_agg(format('%%s: %%s', n.key, n.difference) order by n.key) filter (where n.difference is not null and n.n <= $3), '{}'),
               count(*) filter (where n.unknown)
          from numbered n
         group by n.tenant
        having count(n.log_image) + count(n.table_image) > 0
         order by n.tenant $query$,
        key, rowcast.tenant_of_row(watched.tenant_column), rowcast.image(watched.id, target, watched.exclude, '{}'), target, old_key)
    using ids, only_tenant, examples;
end $$;
