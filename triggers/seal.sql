-- Sealing: gives every newly visible transaction its sequence in commit order.
--
-- A seal compares its own snapshot with the one stored by the seal before it. What is
-- visible in this one and was not in that one is new: the transactions that had not
-- begun then or were still running, and are not running now. New transactions are
-- ordered by the last log number they drew, which never contradicts a row lock or the
-- clock. Inside a transaction, rows are ordered by the number of their statement.
-- Within a statement deletes come before updates and inserts last, so that a key is
-- free before it is taken. A truncate is handed to every tenant that is known, or
-- becomes known by this seal.
--
-- Only the active segment of the log can hold what is not sealed: rotate waits
-- for its writers and for the queue before it closes one.
--
-- One row is the usual case where latency counts: it is sealed by small
-- statements. A few thousand are sealed by one. What is more goes to a queue, of
-- which each seal works off a bounded piece, so that none takes long and none is
-- ever thrown away. A large transaction holds up nobody but its own tenants:
-- others behind it in the queue pass by.
--
-- All statements of a seal look at the transactions of one snapshot, the one that
-- is stored with it.
--
-- Any session may call it, at READ COMMITTED. The lock makes seals take turns; it is
-- held until the transaction has ended, so that the next seal sees this one. Returns
-- the newest sequence, or null if another session is sealing. The sequences must be
-- read after this transaction has committed.
create or replace function rowcast.seal() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
    most constant integer := 4000; -- log rows that one statement seals
    head record;
    lows xid8[];
    highs xid8[];
    r record;
    one record;
    found_rows integer := 0;
    base bigint;
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'seal has to be the first statement of its transaction that writes'
            using errcode = 'active_sql_transaction',
                  hint = 'It would see what this transaction wrote, and again once that is committed. Commit first.';
    end if;
    if not pg_try_advisory_xact_lock(rowcast.lock_number('seal')) then
        return null;
    end if;
    select s.seal, s.place, s.snapshot as seen, pg_current_snapshot() as now, exists (select from rowcast.queue) as queued,
           (select g.segment from rowcast.segment g where g.opened_at is not null and g.closed_at is null) as segment
      into strict head
      from rowcast.seal s order by s.seal desc limit 1;
    if pg_snapshot_xmax(head.now) < pg_snapshot_xmax(head.seen) then
        raise exception 'the change log does not belong to this database: it knows transaction %, the newest here is %',
            pg_snapshot_xmax(head.seen), pg_snapshot_xmax(head.now)
            using errcode = 'object_not_in_prerequisite_state', hint = 'Begin a new feed with: rowcast migrate --new-feed';
    end if;
    select array_agg(v.low), array_agg(v.high) into lows, highs from rowcast.newly_visible(head.seen, head.now) v;
    for r in
        select l.xid, l.id, l.rows, l.tenant
          from unnest(lows, highs) v (low, high)
         cross join lateral rowcast.log_between(v.low, v.high) l
         limit 2
    loop
        found_rows := found_rows + 1;
        one := r;
    end loop;
    if found_rows = 0 and not head.queued then
        return head.place;
    end if;
    if found_rows = 1 and not head.queued then
        if one.tenant is not null then
            base := (select s.position from rowcast.sealed s where s.tenant = one.tenant order by s.position desc limit 1);
            if base is null then
                base := coalesce((select t.floor from rowcast.tenant t where t.tenant = one.tenant), 0);
                insert into rowcast.tenant (tenant) values (one.tenant) on conflict do nothing;
            end if;
            insert into rowcast.sealed (place, position, xid, id, seal, rows, statement_rows, statement_from, tenant, segment)
            values (head.place + 1, base + one.rows, one.xid, one.id, head.seal + 1, one.rows, one.rows, base + 1, one.tenant, head.segment);
            insert into rowcast.seal (seal, place, snapshot, nonce) values (head.seal + 1, head.place + 1, head.now, rowcast.nonce());
            return head.place + 1;
        end if;
    end if;
    if not head.queued and not exists (
        select from unnest(lows, highs) v (low, high)
         cross join lateral rowcast.log_between(v.low, v.high) l
        offset most)
    then
        return rowcast.seal_rows(head.seal + 1, head.place, head.segment, head.now, lows, highs, array_fill(0::bigint, array[cardinality(lows)]));
    end if;
    if found_rows > 0 then
        perform rowcast.enqueue(lows, highs);
    end if;
    return rowcast.work_off(head.seal + 1, head.place, head.segment, head.now);
end $$;

create or replace function rowcast.nonce() returns bigint
language sql volatile
return ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 17, 16))::bit(64)::bigint & 9223372036854775807;

create or replace function rowcast.xid_before(xid xid8) returns xid8
language sql immutable
return ((xid::text::bigint - 1)::text)::xid8;

create or replace function rowcast.xid_after(xid xid8) returns xid8
language sql immutable
return ((xid::text::bigint + 1)::text)::xid8;

-- The transactions that are visible in a snapshot and were not in an earlier one,
-- as ranges: those above low and below high. What is still running is in none,
-- so its rows cost nothing.
create or replace function rowcast.newly_visible(seen pg_snapshot, now pg_snapshot) returns table (low xid8, high xid8)
language sql immutable as $$
    select coalesce(lag(r.xid) over (order by r.xid), rowcast.xid_before(pg_snapshot_xmax(seen))), r.xid
      from (select x from pg_snapshot_xip(now) x where x >= pg_snapshot_xmax(seen) union all select pg_snapshot_xmax(now)) r (xid)
     union all
    select rowcast.xid_before(x), rowcast.xid_after(x)
      from pg_snapshot_xip(seen) x where x not in (select pg_snapshot_xip(now))
$$;

-- The log rows of the transactions in a range. The caller absorbs it. It looks into the
-- index for each range: the offset keeps the planner from walking over the whole log
-- instead, which its figures may call empty while a transaction of many rows is open.
create or replace function rowcast.log_between(low xid8, high xid8)
returns table (xid xid8, id bigint, begun bigint, part bigint, rows integer, op "char", watched integer, tenant text, at timestamptz)
language sql stable as $$
    select l.xid, l.id, l.begun, l.part, l.rows, l.op, l.watched, l.tenant, l.at
      from rowcast.log_active l
     where l.xid operator(pg_catalog.>) low and l.xid operator(pg_catalog.<) high
    offset 0
$$;

-- Seals all rows of the transactions in the ranges, in the order of their turns.
-- It is one statement, and grows with its rows: planned for any number, since the
-- sessions of a server have no statistics of what is new.
create or replace function rowcast.seal_rows(
    next_seal bigint, head_place bigint, segment integer, snapshot pg_snapshot, lows xid8[], highs xid8[], turns bigint[]
) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
set enable_mergejoin = on
set enable_sort = on
set enable_hashagg = on
set enable_material = on
set enable_nestloop = on
as $$
declare
    sealed_place bigint;
begin
    with fresh as materialized (
        select v.turn, l.xid, l.id, l.begun, l.part, l.rows, l.op, l.watched, l.tenant
          from unnest(lows, highs, turns) v (low, high, turn)
         cross join lateral rowcast.log_between(v.low, v.high) l
    ), ordered as (
        select f.*, max(f.id) over (partition by f.xid) as last_id from fresh f
    ), addressed as (
        select o.turn, o.last_id, o.xid, o.begun, o.part, o.op, o.id, o.rows, o.watched, o.tenant from ordered o where o.tenant is not null
         union all
        select o.turn, o.last_id, o.xid, o.begun, o.part, o.op, o.id, o.rows, o.watched, k.tenant
          from ordered o cross join lateral (
                   select t.tenant from rowcast.tenant t
                    union
                   select f.tenant from fresh f where f.tenant is not null) k
         where o.tenant is null
    ), counted as (
        select a.*,
               row_number() over (order by a.turn, a.last_id, a.begun, a.part, a.op = 'i', a.op, a.id, a.tenant) as n,
               sum(a.rows) over (partition by a.tenant order by a.turn, a.last_id, a.begun, a.part, a.op = 'i', a.op, a.id) as covered,
               sum(a.rows) over (partition by a.tenant, a.xid, a.begun, a.part, a.watched, a.op) as statement_rows
          from addressed a
    ), based as materialized (
        select b.tenant,
               coalesce(
                   (select s.position from rowcast.sealed s where s.tenant = b.tenant order by s.position desc limit 1),
                   (select t.floor from rowcast.tenant t where t.tenant = b.tenant),
                   0) as position
          from (select distinct c.tenant from counted c) b
    ), placed as (
        insert into rowcast.sealed (place, position, xid, id, seal, rows, statement_rows, statement_from, tenant, segment)
        select head_place + c.n, b.position + c.covered, c.xid, c.id, next_seal, c.rows, c.statement_rows,
               b.position + min(c.covered - c.rows) over (partition by c.tenant, c.xid, c.begun, c.part, c.watched, c.op) + 1,
               c.tenant, seal_rows.segment
          from counted c join based b on b.tenant = c.tenant
        returning place
    ), known as (
        insert into rowcast.tenant (tenant) select b.tenant from based b
        on conflict do nothing
    )
    select max(p.place) into sealed_place from placed p;
    if sealed_place is null then
        return head_place;
    end if;
    insert into rowcast.seal (seal, place, snapshot, nonce) values (next_seal, sealed_place, seal_rows.snapshot, rowcast.nonce());
    return sealed_place;
end $$;
