-- Sealing: gives every newly visible transaction its place in commit order.
--
-- A seal compares its own snapshot with the one stored by the seal before it.
-- What is visible in this one and was not in that one is new: the rows whose
-- transaction was either not yet assigned (xid >= xmax) or still running (in
-- xip) then. New transactions are ordered by the last log number they drew,
-- which never contradicts a row lock or the clock; inside a transaction, rows
-- are ordered by the beginning of their statement, and of one query deletes come
-- before updates and inserts last, so that a key is free before it is taken. A
-- truncate is handed to every tenant that is known, or becomes known by this
-- seal.
--
-- Only the active segment of the log can hold what is not sealed: rotate waits
-- for its writers and seals before it closes one.
--
-- One row is the usual case where latency counts: it is sealed by small
-- statements that do the same. They are several, so the snapshot that is stored
-- is the one by which the row was found, not a later one.
--
-- Any session may call it, at READ COMMITTED. The lock makes seals take turns;
-- it is held until the transaction has ended, so that the next seal sees this
-- one. Returns the newest place, or null if another session is sealing.
-- Whoever reads the places must do so after this transaction has committed.
create or replace function rowcast.seal() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
    head rowcast.seal;
    seen_xmax xid8;
    seen_running xid8[];
    sealed_place bigint;
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
    if not pg_try_advisory_xact_lock(8245940711459091458) then
        return null;
    end if;
    select * into strict head from rowcast.seal s order by s.seal desc limit 1;
    seen_xmax := pg_snapshot_xmax(head.snapshot);
    if pg_snapshot_xmax(pg_current_snapshot()) < seen_xmax then
        raise exception 'the change log does not belong to this database: it knows transaction %, the newest here is %',
            seen_xmax, pg_snapshot_xmax(pg_current_snapshot())
            using errcode = 'object_not_in_prerequisite_state', hint = 'Begin a new feed with: rowcast migrate --new-feed';
    end if;
    seen_running := array(select pg_snapshot_xip(head.snapshot));
    for r in
        select l.xid, l.id, l.rows, l.tenant, pg_current_snapshot() as snapshot
          from rowcast.log_active l where l.xid >= seen_xmax
         union all
        select l.xid, l.id, l.rows, l.tenant, pg_current_snapshot()
          from rowcast.log_active l where l.xid = any (seen_running)
         limit 2
    loop
        found_rows := found_rows + 1;
        one := r;
    end loop;
    if found_rows = 0 then
        return head.place;
    end if;
    if found_rows = 1 and one.tenant is not null then
        base := (select s.position from rowcast.sealed s where s.tenant = one.tenant order by s.position desc limit 1);
        if base is null then
            base := coalesce((select t.floor from rowcast.tenant t where t.tenant = one.tenant), 0);
            insert into rowcast.tenant (tenant) values (one.tenant) on conflict do nothing;
        end if;
        insert into rowcast.sealed (place, position, xid, id, seal, rows, statement_rows, statement_from, tenant)
        values (head.place + 1, base + one.rows, one.xid, one.id, head.seal + 1, one.rows, one.rows, base + 1, one.tenant);
        insert into rowcast.seal (seal, place, snapshot, nonce)
        values (head.seal + 1, head.place + 1, one.snapshot,
                ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 17, 16))::bit(64)::bigint & 9223372036854775807);
        return head.place + 1;
    end if;
    with fresh as materialized (
        select l.xid, l.id, l.begun, l.nested, l.rows, l.op, l.watched, l.tenant
          from rowcast.log_active l where l.xid >= seen_xmax
         union all
        select l.xid, l.id, l.begun, l.nested, l.rows, l.op, l.watched, l.tenant
          from rowcast.log_active l where l.xid = any (seen_running)
    ), ordered as (
        select f.*, max(f.id) over (partition by f.xid) as last_id from fresh f
    ), addressed as (
        select o.xid, o.id, o.begun, o.nested, o.rows, o.op, o.watched, o.last_id, o.tenant
          from ordered o where o.tenant is not null
         union all
        select o.xid, o.id, o.begun, o.nested, o.rows, o.op, o.watched, o.last_id, k.tenant
          from ordered o cross join lateral (
                   select t.tenant from rowcast.tenant t
                    union
                   select f.tenant from fresh f where f.tenant is not null) k
         where o.tenant is null
    ), counted as (
        select a.*,
               row_number() over (order by a.last_id, a.begun, a.nested, a.op = 'i', a.op, a.id, a.tenant) as n,
               sum(a.rows) over (partition by a.tenant order by a.last_id, a.begun, a.nested, a.op = 'i', a.op, a.id) as covered,
               sum(a.rows) over (partition by a.tenant, a.xid, a.begun, a.nested, a.watched, a.op) as statement_rows
          from addressed a
    ), based as (
        select b.tenant,
               coalesce(
                   (select s.position from rowcast.sealed s where s.tenant = b.tenant order by s.position desc limit 1),
                   (select t.floor from rowcast.tenant t where t.tenant = b.tenant),
                   0) as position
          from (select distinct c.tenant from counted c) b
    ), placed as (
        insert into rowcast.sealed (place, position, xid, id, seal, rows, statement_rows, statement_from, tenant)
        select head.place + c.n, b.position + c.covered, c.xid, c.id, head.seal + 1, c.rows, c.statement_rows,
               b.position + min(c.covered - c.rows) over (partition by c.tenant, c.xid, c.begun, c.nested, c.watched, c.op) + 1,
               c.tenant
          from counted c join based b on b.tenant = c.tenant
        returning place
    ), known as (
        insert into rowcast.tenant (tenant) select b.tenant from based b
        on conflict do nothing
    )
    insert into rowcast.seal (seal, place, snapshot, nonce)
    select head.seal + 1, max(p.place), pg_current_snapshot(),
           ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 17, 16))::bit(64)::bigint & 9223372036854775807
      from placed p
    having count(*) > 0
    returning place into sealed_place;
    return coalesce(sealed_place, head.place);
end $$;
