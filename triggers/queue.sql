-- The queue of sealing: what is too much for one seal. A seal that finds much
-- puts the transactions in the queue, in their order, and each seal works off a
-- piece of it.
--
-- What is at the head of the queue and not large is sealed as ever. A large transaction
-- at the head first makes its tenants known, then copies its log rows into the order in
-- which they get places, and then gives places. It has noted most of its tenants itself
-- while it was written, so that the first takes no longer for a million rows than for a
-- thousand. Meanwhile the transactions behind it that touch none of its tenants pass
-- by; others wait, and a transaction that touches a tenant of theirs waits as well. So
-- a tenant always receives its changes in the order of commits.

-- Puts the transactions of the ranges into the queue. It looks at the first and
-- the last row of each, not at those between.
create or replace function rowcast.enqueue(lows xid8[], highs xid8[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    insert into rowcast.queue (turn, xid, large)
    with recursive found as (
        select v.high, (select l.xid from rowcast.log_active l where l.xid > v.low and l.xid < v.high order by l.xid limit 1) as xid
          from unnest(lows, highs) v (low, high)
         union all
        select f.high, (select l.xid from rowcast.log_active l where l.xid > f.xid and l.xid < f.high order by l.xid limit 1)
          from found f where f.xid is not null
    )
    select coalesce((select max(q.turn) from rowcast.queue q), 0) + row_number() over (order by x.last_id), x.xid,
           exists (select from rowcast.log_active l where l.xid = x.xid offset 1000)
      from (select f.xid, (select l.id from rowcast.log_active l where l.xid = f.xid order by l.id desc limit 1) as last_id
              from found f where f.xid is not null) x;
end $$;

-- Works off a piece of the queue. Returns the newest place.
create or replace function rowcast.work_off(next_seal bigint, head_place bigint, segment integer, snapshot pg_snapshot) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    most constant integer := 1000; -- log rows that are looked at for others than the large one
    large rowcast.queue := (select q from rowcast.queue q where q.large order by q.turn limit 1);
    entry rowcast.queue;
    chosen rowcast.queue[] := '{}';
    row_count bigint := 0;
    place bigint := head_place;
    seals bigint := 0;
begin
    for entry in
        select q.* from rowcast.queue q
         where large.turn is null or q.turn < large.turn or not q.known
         order by q.turn
    loop
        exit when row_count >= most;
        row_count := row_count + (select count(*) from (select from rowcast.log_active l where l.xid = entry.xid limit most) l);
        if entry.large or entry.turn > large.turn and rowcast.has_to_wait(entry) then
            perform rowcast.note_rows(entry.xid, coalesce((select n.id from rowcast.noted n where n.xid = entry.xid), 0));
            update rowcast.queue q set known = true where q.turn = entry.turn;
        else
            chosen := chosen || entry;
        end if;
    end loop;
    if chosen <> '{}' then
        place := (
            select rowcast.seal_rows(next_seal, head_place, segment, snapshot,
                                     array_agg(rowcast.xid_before(c.xid) order by c.turn),
                                     array_agg(rowcast.xid_after(c.xid) order by c.turn), array_agg(c.turn order by c.turn))
              from unnest(chosen) c);
        seals := (place > head_place)::integer;
        delete from rowcast.queue q using unnest(chosen) c where q.turn = c.turn;
        update rowcast.queue q set passed_at = clock_timestamp() where q.turn = large.turn;
        perform rowcast.forget_noted(array_agg(c.xid)) from unnest(chosen) c where c.known having count(*) > 0; -- others have noted nothing
    elsif large.known then
        place := rowcast.seal_piece(large, next_seal, head_place, segment, snapshot);
        seals := (place > head_place)::integer;
    end if;
    if seals = 0 then -- what was found counts as seen all the same
        insert into rowcast.seal (seal, place, snapshot, nonce)
        select next_seal, head_place, work_off.snapshot, s.nonce from rowcast.seal s order by s.seal desc limit 1;
    end if;
    if not exists (select from rowcast.queue) then
        truncate rowcast.queue_row;
    end if;
    return place;
end $$;

-- Forgets what transactions have noted of their tenants.
create or replace function rowcast.forget_noted(xids xid8[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    delete from rowcast.queue_tenant t using unnest(xids) x where t.xid = x;
    delete from rowcast.noted n using unnest(xids) x where n.xid = x;
end $$;

-- Whether a transaction touches a tenant of one that waits before it in the queue.
-- A truncate concerns all of them.
create or replace function rowcast.has_to_wait(entry rowcast.queue) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    return exists (
        select from (select distinct l.tenant from rowcast.log_active l where l.xid = entry.xid union select '') touched
         where touched.tenant is null or exists (
                   select from rowcast.queue_tenant t join rowcast.queue q on q.xid = t.xid
                    where t.tenant = touched.tenant and q.known and q.turn < entry.turn));
end $$;

-- The next piece of a large transaction whose tenants are known: its rows are
-- copied, or get places. The pieces are small while others pass by, since these
-- wait for the end of one. A statement of one tenant is not parted, since its log
-- rows say how many rows it has. Returns the newest place.
create or replace function rowcast.seal_piece(large rowcast.queue, next_seal bigint, head_place bigint, segment integer, snapshot pg_snapshot)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
set enable_mergejoin = on
as $$
declare
    most constant integer := case when large.passed_at > clock_timestamp() - interval '1 s' then 100 else 1000 end; -- twice as many are copied
    copied_rows integer;
    newest_id bigint;
    last rowcast.queue_row;
    sealed_place bigint;
begin
    if not large.whole then
        with copied as materialized (
            select l.begun, l.part, l.tenant, l.op, l.id, l.watched, l.rows
              from rowcast.log_active l
             where l.xid = large.xid and l.id > large.copied
             order by l.id limit 2 * most
        ), addressed as (
            select c.*, c.tenant as addressee from copied c where c.tenant is not null
             union all
            select c.*, t.tenant
              from copied c cross join lateral (
                       select t.tenant from rowcast.tenant t
                        union
                       select q.tenant from rowcast.queue_tenant q where q.xid = large.xid and q.tenant <> '') t
             where c.tenant is null
        ), inserted as (
            insert into rowcast.queue_row (turn, begun, part, tenant, rank, id, watched, rows)
            select large.turn, a.begun, a.part, a.addressee, array_position('{d,r,t,u,i}'::"char"[], a.op), a.id, a.watched, a.rows
              from addressed a
        )
        select count(*), max(c.id) into copied_rows, newest_id from copied c;
        update rowcast.queue q set copied = coalesce(newest_id, q.copied), whole = copied_rows < 2 * most where q.turn = large.turn;
        return head_place;
    end if;
    select q.* into last from rowcast.queue_row q where q.turn = large.turn and q.begun >= large.reached
     order by q.begun, q.part, q.tenant, q.rank, q.id offset most - 1 limit 1;
    with piece as materialized (
        delete from rowcast.queue_row q
         where q.turn = large.turn and q.begun >= large.reached
           and (q.begun, q.part, q.tenant, q.rank)
            <= (coalesce(last.begun, 9223372036854775807), coalesce(last.part, 0), coalesce(last.tenant, ''), coalesce(last.rank, 0))
        returning q.*
    ), counted as (
        select p.*,
               row_number() over (order by p.begun, p.part, p.tenant, p.rank, p.id) as n,
               sum(p.rows) over (partition by p.tenant order by p.begun, p.part, p.rank, p.id) as covered,
               sum(p.rows) over (partition by p.tenant, p.begun, p.part, p.watched, p.rank) as statement_rows
          from piece p
    ), based as materialized (
        select b.tenant,
               coalesce(
                   (select s.position from rowcast.sealed s where s.tenant = b.tenant order by s.position desc limit 1),
                   (select t.floor from rowcast.tenant t where t.tenant = b.tenant),
                   0) as position
          from (select distinct c.tenant from counted c) b
    ), placed as (
        insert into rowcast.sealed (place, position, xid, id, seal, rows, statement_rows, statement_from, tenant, segment)
        select head_place + c.n, b.position + c.covered, large.xid, c.id, next_seal, c.rows, c.statement_rows,
               b.position + min(c.covered - c.rows) over (partition by c.tenant, c.begun, c.part, c.watched, c.rank) + 1,
               c.tenant, seal_piece.segment
          from counted c join based b on b.tenant = c.tenant
        returning place
    ), known as (
        insert into rowcast.tenant (tenant) select b.tenant from based b
        on conflict do nothing
    )
    select max(p.place) into sealed_place from placed p;
    update rowcast.queue q set reached = last.begun where q.turn = large.turn and last.begun > q.reached;
    if last.turn is null then
        delete from rowcast.queue q where q.turn = large.turn;
        perform rowcast.forget_noted(array[large.xid]);
    end if;
    if sealed_place is null then
        return head_place;
    end if;
    insert into rowcast.seal (seal, place, snapshot, nonce) values (next_seal, sealed_place, seal_piece.snapshot, rowcast.nonce());
    return sealed_place;
end $$;

-- The log rows that are committed and have no place: what no seal has seen, and
-- what waits in the queue.
create or replace function rowcast.unsealed() returns table (at timestamptz, rows integer)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select l.at, l.rows
      from (select s.snapshot from rowcast.seal s order by s.seal desc limit 1) head
     cross join lateral rowcast.newly_visible(head.snapshot, pg_current_snapshot()) v
     cross join lateral rowcast.log_between(v.low, v.high) l
     union all
    select l.at, l.rows
      from rowcast.queue q cross join lateral rowcast.log_between(rowcast.xid_before(q.xid), rowcast.xid_after(q.xid)) l where not q.whole
     union all
    select l.at, l.rows
      from rowcast.queue q
     cross join lateral (select distinct r.id from rowcast.queue_row r where r.turn = q.turn) r
     cross join lateral (select l.at, l.rows from rowcast.log_active l where l.xid = q.xid and l.id = r.id offset 0) l
     where q.whole
$$;
