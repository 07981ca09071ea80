-- Putting a statement in its place among those that were captured before it,
-- while it was open. It matters only where they changed the same table: what the
-- log says last of a row has to be how the row is. There are four ways to know
-- which of two changes came first, used in this order:
--
--   the table  how the row is in the end, or that it is gone, where that can be
--              looked up with the rights of the table's owner;
--   the time   the log has the clocks of the table when a statement began, so it is
--              known which rows of this one came before that;
--   the rows   a change that leaves a row of a tenant as another one finds it came
--              before it;
--   the number  statements that do not meet stay in the order of their beginning.
--
-- What has to come later than its number says gets the number of the statement it
-- follows, and a part of its own.
--
-- Where the table cannot be looked into, and the time does not show it either, what the
-- log says last of a row may not be how the row is. So a log row with the op "o",
-- unordered, follows for each tenant whose rows these are: clients read the table
-- again. A serializable transaction puts nothing in order, since it would have to read
-- the log. It remembers which rows were changed by statements that were open together.

-- Moves what a capture has appended to where it belongs. entry is what
-- close_statement returned, kind the number of the operation, row_count how many
-- rows the statement has changed, and clock that of the table for the operation.
create or replace function rowcast.put_in_order(watched_id integer, entry bigint[], kind integer, row_count bigint, clock bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set jit = off
set enable_nestloop = off -- the planner knows nothing of these rows, which may be many
as $$
declare
    this constant xid8 := pg_current_xact_id();
    key_columns text[];
    partitioned boolean;
    keys json[]; -- of those that were changed here and before
    look text;
    present_keys text[]; -- those of them that are there, and the rows
    present_images bigint[];
    looked boolean := false;
    newest constant bigint := currval('rowcast.statement');
begin
    if row_count is null then
        select sum(l.rows) into row_count
          from rowcast.log_active l where l.xid = this and l.id > entry[2] and l.watched = watched_id and l.begun = entry[1];
    end if;
    select k.names, c.relkind = 'p' into key_columns, partitioned
      from pg_class c cross join lateral rowcast.key_columns(c.oid) k (names)
     where c.oid = rowcast.relation_of(watched_id) and k.names is not null;
    look := rowcast.look_for_keys(watched_id, key_columns);
    if look <> '' then
        with change as (
            select l.begun = entry[1] as own, rowcast.row_key(l.tenant, i.image, key_columns) as key,
                   json_object(key_columns, array(select rowcast.readable(i.image) ->> c from unnest(key_columns) with ordinality u (c, n) order by n)) as columns
              from rowcast.log_active l cross join lateral unnest(l.after || l.before) i (image)
             where l.xid = this and l.id > entry[2] and l.watched = watched_id
        )
        select array_agg(distinct k.columns::text)::json[] into keys
          from (select distinct on (c.key) c.columns from change c
                 where c.own and c.key in (select o.key from change o where not o.own)) k;
    end if;
    if keys is not null then
        begin
            execute look into present_keys, present_images using keys, key_columns, partitioned;
            looked := true;
        exception when others then
            null; -- of the owner's rights or of his code; it is none of the writer's
        end;
    end if;
    with logged as materialized (
        select l.id, l.begun, l.part, l.op, l.tenant, l.begun = entry[1] as own, l.origin, l.rows, l.after, l.before
          from rowcast.log_active l
         where l.xid = this and l.id > entry[2] and l.watched = watched_id and l.op in ('i', 'u', 'd')
    ), statement as (
        -- since: how many rows of this one were changed after that one had begun. That
        -- is known if nothing was rolled back, or nothing that was changed here; else
        -- it can be less. A row that goes to another partition counts otherwise.
        -- before: all of that one's rows were changed when this one began.
        select e.begun, e.part, k.known, case when k.known or not partitioned then clock - min(e.origin[kind + 1]) end as since,
               entry[10] = 1 and not (partitioned and min(e.origin[6]) = 2)
                   and coalesce(max(e.origin[6 + e.rows]), sum(e.rows)) = entry[4 + min(e.origin[6])] - min(e.origin[1 + e.origin[6]]) as before,
               -- Parts of one query: a key is free before it is taken.
               min(e.origin[1]) < entry[1] and case min(e.origin[6]) when 1 then kind <> 1 when 2 then kind = 3 else false end as takes
          from logged e
         cross join lateral (
                   select case when partitioned then entry[10] = 1 and kind <> 2 and clock - entry[kind + 4] = row_count
                               when e.origin[5] = entry[3] then true
                               when entry[10] = 0 then clock - entry[kind + 4] <= row_count
                               else clock - entry[kind + 4] = row_count end as known) k
         where not e.own
         group by e.begun, e.part, k.known
    ), usual as ( -- the newest statement that all of this one comes after, and the one that follows that
        select u.own, u.next
          from (select array[s.begun, s.part] as own, s.since, s.known, s.takes, lead(array[s.begun, s.part]) over (order by s.begun, s.part) as next
                  from statement s) u
         where u.known and u.since >= row_count and not u.takes order by u.own desc limit 1
    ), change as (
        select e.id, e.begun, e.part, e.own, e.tenant, r.n,
               case when e.op <> 'i' then rowcast.row_key(e.tenant, r.before, key_columns) end as old_key, rowcast.image_hash(r.before, partitioned) as old_image,
               case when e.op <> 'd' then rowcast.row_key(e.tenant, r.after, key_columns) end as new_key, rowcast.image_hash(r.after, partitioned) as new_image,
               coalesce(e.origin[6 + r.n], row_number() over (partition by e.begun, e.part order by e.id, r.n)) as ordinal,
               row_number() over (partition by e.own order by e.begun, e.part, case when e.own then e.origin[6 + r.n] end, e.op = 'i', e.op, e.id, r.n) as i
          from logged e cross join lateral unnest(e.after, e.before) with ordinality r (after, before, n)
    ), touch as ( -- what a change does to a key: how it finds it, and how it leaves it, null if no row has it
        select c.own, c.i, c.ordinal, c.begun, c.part, t.key, t.found, t.left
          from change c cross join lateral (values
                   (c.old_key, c.old_image, case when c.new_key = c.old_key then c.new_image end),
                   (case when c.old_key is null or c.new_key <> c.old_key then c.new_key end, null, c.new_image)) t (key, found, "left")
         where t.key is not null
    ), earlier as (
        select t.key, t.begun, t.part, t.left, s.since, s.known, s.before, s.takes,
               row_number() over by_key as p, lead(t.begun) over by_key as next_begun, lead(t.part) over by_key as next_part,
               lead(t.found) over by_key as next_found, lead(t.i) over by_key is null as last
          from touch t join statement s on s.begun = t.begun and s.part = t.part
         where not t.own and t.key in (select o.key from touch o where o.own)
        window by_key as (partition by t.key order by t.i)
    ), gap as ( -- between two changes of a key, before the first, behind the last
        select e.key, e.p, e.begun, e.part, e.left, e.next_begun, e.next_part, e.next_found, e.last from earlier e
         union all
        select t.key, 0, null, null, null, t.begun, t.part, t.found, false
          from (select distinct on (t.key) t.key, t.begun, t.part, t.found
                  from touch t where not t.own and t.key in (select o.key from touch o where o.own) order by t.key, t.i) t
    ), run as ( -- own changes of a key of which each finds what the last one left; they stay together
        select o.key, o.run, min(o.ordinal) as ordinal, array_agg(o.i) as changes,
               (array_agg(o.found order by o.i))[1] as found, (array_agg(o.left order by o.i desc))[1] as left
          from (select t.*, count(*) filter (where t.breaks) over (partition by t.key order by t.i) as run
                  from (select t.*, t.found is distinct from lag(t.left) over (partition by t.key order by t.i) as breaks from touch t where t.own) t) o
         group by o.key, o.run
    ), timed as ( -- how many of the earlier changes of the key may come before, by the time: what began later does not
        select r.key, r.run, count(*) filter (where e.since > row_count - r.ordinal) as p,
               count(*) filter (where e.since > row_count - r.ordinal and not e.takes) as usual,
               count(*) filter (where e.before) as least, bool_and(e.known) as known
          from run r join earlier e on e.key = r.key
         group by r.key, r.run
    ), there as (
        select p.key, p.image from unnest(present_keys, present_images) p (key, image)
    ), final as ( -- how the earlier changes leave a key
        select e.key, e.left from earlier e where e.last
    ), choice as (
        select unnest(c.changes) as i, c.begun, c.part, c.next_begun, c.next_part, c.sure
          from (select distinct on (r.key, r.run) r.changes, g.begun, g.part, g.next_begun, g.next_part, looked or m.known and m.least >= m.p as sure
                  from run r join timed m on m.key = r.key and m.run = r.run join gap g on g.key = r.key
                  join final f on f.key = r.key left join there t on t.key = r.key
                 order by r.key, r.run,
                          (not looked or case when g.last then r.left else f.left end is not distinct from t.image) desc,
                          ((g.p <= m.p or not m.known) and g.p >= least(m.least, case when m.known then m.p end)) desc,
                          (g.p = 0 or g.left is not distinct from r.found)::integer + (g.last or g.next_found is not distinct from r.left)::integer desc,
                          abs(g.p - m.usual), g.p) c
    ), unordered as (
        insert into rowcast.log_active (begun, watched, rows, op, tenant)
        select newest, watched_id, 1, 'o', u.tenant
          from (select distinct c.tenant from choice o join change c on c.own and c.i = o.i where not o.sure) u
    ), bound as ( -- the statements between which a change belongs; before one that goes on with the key
        select c.i,
               max(array[c.begun, c.part]) filter (where (c.begun, c.part) is distinct from (c.next_begun, c.next_part) and c.begun is not null) as low,
               min(array[c.next_begun, c.next_part]) filter (where c.next_begun is not null) as high
          from choice c group by c.i
    ), placed as (
        select c.id, c.n, c.part, array[c.begun, c.part] as own,
               max(b.low) over (order by c.i) as low, min(b.high) over (order by c.i desc) as high,
               case when u.own < array[c.begun, c.part] and (array[c.begun, c.part] < u.next) is not false then null else u.own end as usual
          from change c left join bound b on b.i = c.i left join usual u on true
         where c.own
    ), target as ( -- follows or precedes a statement; neither: where it is
        select p.id, p.n, p.part, case when w.way in ('usual', 'after') then coalesce(case w.way when 'usual' then p.usual end, p.low) end as follows,
               case when w.way = 'before' then p.high end as precedes
          from placed p
         cross join lateral (
                   select case when p.usual is not null and (p.usual >= p.low) is not false and (p.usual < p.high) is not false then 'usual'
                               when (p.own > p.low) is not false and (p.own < p.high) is not false then 'own'
                               when p.low is not null then 'after' else 'before' end as way) w
    ), neighbour as (
        select n.own, lag(n.own) over by_order as previous, lead(n.own) over by_order as next
          from (select array[s.begun, s.part] as own from statement s) n
        window by_order as (order by n.own)
    ), part as materialized ( -- between the parts of the same number that are there
        select t.follows, t.precedes, t.part as own_part, row_number() over (partition by t.follows, t.precedes order by t.part) - 1
               + case when f.next[1] = f.own[1] then (f.own[2] + f.next[2]) / 2
                      when t.follows is not null then rowcast.next_part()
                      when p.previous[1] = p.own[1] then (p.previous[2] + p.own[2]) / 2
                      else t.precedes[2] - 1048576 end as part
          from (select distinct t.follows, t.precedes, t.part from target t where num_nulls(t.follows, t.precedes) = 1) t
          left join neighbour f on f.own = t.follows left join neighbour p on p.own = t.precedes
    ), gone as (
        delete from rowcast.log_active l
         where l.xid = this and l.watched = watched_id and l.begun = entry[1]
           and l.id >= (select min(t.id) from target t where num_nulls(t.follows, t.precedes) = 1)
        returning l.*
    )
    insert into rowcast.log_active (begun, part, at, watched, rows, op, tenant, writer, origin, after, before)
    select coalesce(t.follows[1], t.precedes[1], g.begun), coalesce(p.part, g.part), g.at, g.watched, count(*), g.op, g.tenant, g.writer, g.origin,
           case when g.op <> 'd' then array_agg(r.after order by r.n) end, case when g.op <> 'i' then array_agg(r.before order by r.n) end
      from gone g
     cross join lateral unnest(g.after, g.before) with ordinality r (after, before, n)
      join target t on t.id = g.id and t.n = r.n
      left join part p on p.follows is not distinct from t.follows and p.precedes is not distinct from t.precedes and p.own_part = t.part
     group by g.id, g.begun, g.part, g.at, g.watched, g.op, g.tenant, g.writer, g.origin, t.follows, t.precedes, p.part
     order by g.id, min(r.n);
end $$;

-- Remembers, in a serializable transaction, the rows that a statement has changed while
-- others were open: each as the table, the number of the statement, the log id, the
-- tenant and a hash of the key. Of many rows it remembers the tenants alone, of many
-- tenants that there were some, and of what would be too many elements that anything
-- was changed. When no statement is open any more, all is forgotten.
create or replace function rowcast.remember(watched_id integer, begun bigint, tenants text[], images json[], old_images json[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    known jsonb := coalesce(nullif(current_setting('rowcast.rows', true), ''), '[]');
    log_id constant bigint := coalesce(pg_sequence_last_value('rowcast.log_id'), 0) + 1; -- or one that was just drawn
    few constant boolean := cardinality(tenants) <= 200;
    many constant boolean := not few and (select count(distinct t) > 200 from unnest(tenants) t);
    key_columns constant text[] := rowcast.key_columns(rowcast.relation_of(watched_id));
begin
    if jsonb_array_length(known) > 500 then
        known := jsonb_build_array(jsonb_build_array(null, 0, log_id, null, null));
    end if;
    perform set_config('rowcast.rows', (known || (
        select coalesce(jsonb_agg(distinct jsonb_build_array(watched_id, begun, log_id, case when not many then c.tenant end,
                   case when few then hashtextextended(rowcast.row_key(c.tenant, i.image, key_columns), 0)::text end)), '[]')
          from unnest(tenants, images, old_images) c (tenant, image, old_image)
         cross join lateral (values (c.image), (c.old_image)) i (image)
         where i.image is not null))::text, true);
end $$;

-- Asks the tenants to read a table again of which two statements that were open
-- together have changed the same row: this one, and one that was captured before.
create or replace function rowcast.tell_unordered(watched_id integer, entry bigint[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    with remembered as (
        select (r ->> 1)::bigint = entry[1] as own, r ->> 3 as tenant, r ->> 4 as key
          from jsonb_array_elements(coalesce(nullif(current_setting('rowcast.rows', true), ''), '[]')::jsonb) r
         where ((r ->> 0)::integer = watched_id) is not false and (r ->> 2)::bigint > entry[2]
    )
    insert into rowcast.log_active (begun, watched, rows, op, tenant)
    select distinct currval('rowcast.statement'), watched_id, 1, 'o'::"char", coalesce(a.tenant, b.tenant)
      from remembered a join remembered b on a.own and not b.own and (a.tenant = b.tenant) is not false and (a.key = b.key) is not false;
end $$;

-- The query that finds which keys of a statement, and of those that were captured while
-- it was open, a watched table has, and how these rows are. To plan a query of a table
-- is to run code of its owner already: functions in its indexes and statistics. So this
-- part of it runs as the owner, by a function that rights.sql has made; or as capture,
-- if the owner has the rights of capture anyway. It is empty if neither is possible, if
-- partitions have other owners, and where a policy holds for the role that would look.
create or replace function rowcast.look_for_keys(watched_id integer, key_columns text[]) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    target constant oid := rowcast.relation_of(watched_id);
    owner oid;
    looks_as text;
    rows text;
begin
    select c.relowner, f.name into owner, looks_as
      from pg_class c left join lateral rowcast.looks_as(c.relowner) f (name) on true
     where c.oid = target and (f.name is not null and not c.relforcerowsecurity
              or pg_has_role(c.relowner, current_user, 'usage') and has_schema_privilege(c.relnamespace, 'usage')
                 and has_table_privilege(target, 'select') and not row_security_active(target))
       and not exists (select from (select t.relid from pg_partition_tree(target) t union select target) t left join pg_class p on p.oid = t.relid
                        where (p.relowner = c.relowner and (p.relkind = 'p' or not p.relhassubclass) and rowcast.is_newest(p.xmax)) is not true);
    if not found then
        return '';
    end if;
    select format('select %s as tenant, %s as image from unnest($1) k (key) join %s r on %s',
               rowcast.tenant_of_row(w.tenant_column), rowcast.image(w.id, target, w.exclude, '{}', false), target::regclass,
               string_agg(format('r.%I = (k.key ->> %L)::%s', a.attname, a.attname, format_type(a.atttypid, a.atttypmod)), ' and '))
      into rows
      from rowcast.watched w join pg_attribute a on a.attrelid = target and a.attname = any (key_columns)
      join pg_type t on t.oid = a.atttypid
     where w.id = watched_id and exists (select from pg_attribute n where n.attrelid = target and n.attname = w.tenant_column and not n.attisdropped)
     group by w.id
    having bool_and(t.typnamespace = 'pg_catalog'::regnamespace);
    return coalesce(format('select array_agg(rowcast.row_key(f.tenant, f.image, $2)), array_agg(rowcast.image_hash(f.image, $3)) from (%s) f',
        case when looks_as is null then rows else format('select * from %s(%L, $1)', looks_as, nullif(rows, '')) end), '');
end $$;

-- Whether a row of the catalogue, of which this is the xmax, is what holds now. A
-- transaction that keeps its snapshot sees rows that have been replaced since, and by
-- that somebody else may own the table; unless what replaced them was rolled back. The
-- xmax has 32 bits of a number that is not far from that of this transaction.
create or replace function rowcast.is_newest(xmax xid) returns boolean
language sql stable
return xmax = 0 or current_setting('transaction_isolation') = 'read committed' or coalesce((
    select pg_xact_status((own.id + ((xmax::text::bigint - own.id + 2147483648) & 4294967295) - 2147483648)::text::xid8) = 'aborted'
      from (select pg_current_xact_id_if_assigned()::text::bigint as id) own), false);

-- The function by which a role looks into its tables, null if there is none.
create or replace function rowcast.looks_as(owner oid) returns text
language sql stable as $$
    select p.oid::regproc::text from pg_proc p
     where p.pronamespace = 'rowcast'::regnamespace and p.proname like 'look\_as\_%' and p.proowner = owner and rowcast.is_newest(p.xmax)
       and p.prosecdef and has_function_privilege(p.oid, 'execute') limit 1
$$;

-- The columns of the primary key of a table; null if it has none.
create or replace function rowcast.key_columns(relation oid) returns text[]
language sql stable
return (select array_agg(a.attname::text order by a.attnum)
          from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
         where i.indrelid = relation and i.indisprimary);

-- The tenant and the primary key of a row, as text.
create or replace function rowcast.row_key(tenant text, image json, key_columns text[]) returns text
language sql immutable
return (select (tenant || array_agg(rowcast.readable(image) ->> c order by n))::text from unnest(key_columns) with ordinality k (c, n));

-- Whether two images of a row differ. In partitions the columns can have another order.
create or replace function rowcast.image_hash(image json, partitioned boolean) returns bigint
language sql immutable
return case when partitioned then (select sum(hashtextextended(e.key || e.value::text, 0)) % 9223372036854775807 from json_each(rowcast.readable(image)) e)::bigint
            else hashtextextended(image::text, 0) end;
