-- Retention: forgets sealed changes older than it. The log is written in
-- segments, tables that are closed after a while, emptied when all they hold is
-- forgotten, and opened again: no rows are deleted from it. What is sealed
-- where, a small row a change, is deleted in short statements. A change that is
-- not sealed is never touched, however old its transaction is.

-- Closes the active segment of the log and opens another, if the active one is
-- older than max_age or has more than max_bytes. To know that everything in it
-- is sealed it has to wait for the writers, which wait behind it meanwhile: at
-- most a tenth of a second, then it gives up. It does not begin while there is
-- much to be sealed, since writers would wait for that, too. Returns whether it
-- did it.
create or replace function rowcast.rotate(max_age interval, max_bytes bigint) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
    active rowcast.segment;
    next_segment integer;
    place bigint;
begin
    if not pg_try_advisory_xact_lock(rowcast.lock_number('prune')) then
        return false;
    end if;
    select s.* into strict active from rowcast.segment s where s.opened_at is not null and s.closed_at is null;
    if not exists (select from rowcast.log_active)
        or (active.opened_at > clock_timestamp() - max_age
            and pg_total_relation_size('rowcast.log_active') <= max_bytes) then
        return false;
    end if;
    if rowcast.much_to_seal() then
        return false;
    end if;
    begin
        lock table rowcast.log_active in exclusive mode;
    exception when lock_not_available then
        return false;
    end;
    if rowcast.much_to_seal() then
        return false;
    end if;
    place := rowcast.seal();
    if place is null then
        return false;
    end if;
    select min(s.segment) into next_segment from rowcast.segment s where s.opened_at is null;
    execute format('alter table rowcast.log_active rename to log_%s', active.segment);
    if next_segment is null then
        select max(s.segment) + 1 into next_segment from rowcast.segment s;
        execute format('create table rowcast.log_active (like rowcast.log_%s including all) inherits (rowcast.log)
                            with (autovacuum_vacuum_insert_threshold = -1)', active.segment);
    else
        execute format('alter table rowcast.log_%s rename to log_active', next_segment);
    end if;
    perform rowcast.grant_segment('rowcast.log_active');
    update rowcast.segment s set closed_at = clock_timestamp(), last_place = place where s.segment = active.segment;
    insert into rowcast.segment as s (segment, opened_at) values (next_segment, clock_timestamp())
    on conflict (segment) do update set opened_at = excluded.opened_at;
    return true;
end $$;

-- Whether the log has more than a seal takes a moment for.
create or replace function rowcast.much_to_seal() returns boolean
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
    seen constant pg_snapshot := (select s.snapshot from rowcast.seal s order by s.seal desc limit 1);
begin
    return exists (select from rowcast.queue) or exists (
        select from rowcast.newly_visible(seen, pg_current_snapshot()) v
         cross join lateral rowcast.log_between(v.low, v.high) l
        offset 200);
end $$;

-- The roles that may read the log may read its active segment by name, and capture may
-- append to it.
create or replace function rowcast.grant_segment(segment regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    reader oid;
    part regclass;
begin
    for reader in
        select a.grantee from pg_class c cross join aclexplode(c.relacl) a
         where c.oid = 'rowcast.log'::regclass and a.privilege_type = 'SELECT' and a.grantee not in (0, c.relowner)
    loop
        execute format('grant select on %s to %s', segment, reader::regrole);
    end loop;
    execute format('grant select, insert, delete on %s to %s', segment, rowcast.capture_owner());
    -- What is closed is not written any more.
    for part in
        select c.oid from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'rowcast.log'::regclass and c.oid <> segment and c.relowner <> rowcast.capture_owner()
           and has_table_privilege(rowcast.capture_owner(), c.oid, 'insert')
    loop
        execute format('revoke all on %s from %s', part, rowcast.capture_owner());
    end loop;
end $$;

-- Forgets whole seals, oldest first, a bounded number at a time. The floor of a tenant
-- says up to which position its history is gone; it is committed together with the
-- deletion. Returns how many sequences were pruned; 0 means that nothing is left to do.
-- It also writes down which pauses are over. It forgets tenants of which nothing is
-- kept and nobody has heard for as long, and what transactions have noted that were not
-- too large for one seal.
create or replace function rowcast.prune(retention interval, batch bigint default 5000) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    last_seal bigint;
    last_place bigint;
    pruned bigint;
begin
    perform rowcast.end_pauses();
    if not pg_try_advisory_xact_lock(rowcast.lock_number('prune')) then
        return 0;
    end if;
    perform rowcast.forget_tenants(retention, batch);
    perform rowcast.forget_noted(array(
        select n.xid from rowcast.noted n
         where n.xid < (select pg_snapshot_xmin(s.snapshot) from rowcast.seal s order by s.seal desc limit 1)
           and not exists (select from rowcast.queue q where q.xid = n.xid)));
    -- The newest seal stays: it is the head.
    select s.seal, s.place into last_seal, last_place
      from rowcast.seal s
     where s.sealed_at < clock_timestamp() - retention
       and s.seal < (select max(h.seal) from rowcast.seal h)
       and s.place < coalesce((select min(p.place) from rowcast.sealed p), 0) + batch
     order by s.seal desc limit 1;
    if last_seal is null then
        -- One seal may hold more sequences than a batch.
        select s.seal, s.place into last_seal, last_place
          from rowcast.seal s
         where s.sealed_at < clock_timestamp() - retention
           and s.seal < (select max(h.seal) from rowcast.seal h)
         order by s.seal limit 1;
    end if;
    if last_seal is null then
        return 0;
    end if;
    update rowcast.tenant t
       set floor = newest.position, floor_nonce = newest.nonce
      from (select distinct on (p.tenant) p.tenant, p.position, e.nonce
              from rowcast.sealed p join rowcast.seal e on e.seal = p.seal
             where p.place <= last_place
             order by p.tenant, p.position desc) newest
     where t.tenant = newest.tenant;
    delete from rowcast.sealed p where p.place <= last_place;
    get diagnostics pruned = row_count;
    delete from rowcast.seal s where s.seal <= last_seal;
    return greatest(pruned, 1);
end $$;

-- Empties the closed segments of which everything was pruned. Writers do not
-- notice; readers wait at most a tenth of a second. Returns how many were
-- emptied, 0 also if a reader was in the way.
create or replace function rowcast.empty_segments() returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
    -- Everything up to this sequence is pruned.
    pruned constant bigint := coalesce((select min(p.place) - 1 from rowcast.sealed p),
                                       (select s.place from rowcast.seal s order by s.seal desc limit 1));
    old integer;
    emptied integer := 0;
begin
    if not pg_try_advisory_xact_lock(rowcast.lock_number('prune')) then
        return 0;
    end if;
    for old in
        select s.segment from rowcast.segment s where s.closed_at is not null and s.last_place <= pruned order by s.segment
    loop
        execute format('truncate rowcast.log_%s', old);
        update rowcast.segment s set opened_at = null, closed_at = null, last_place = null where s.segment = old;
        emptied := emptied + 1;
    end loop;
    return emptied;
exception when lock_not_available then
    return 0;
end $$;

-- Makes a tenant known, so that a truncate from then on reaches it, or notes that
-- it is still heard of.
create or replace function rowcast.know(tenant text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    insert into rowcast.tenant as t (tenant) values (know.tenant)
    on conflict (tenant) do update set seen_at = now() where t.seen_at < now() - interval '1 hour'
$$;

-- Forgets tenants that nobody has joined for the retention, a day at least, and of
-- whom no change is kept: a truncate is not handed to everybody who has ever been.
-- A cursor of such a tenant is answered with a reset, and positions begin anew.
create or replace function rowcast.forget_tenants(retention interval, batch bigint) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    with unheard as (
        select t.tenant, exists (select from rowcast.sealed s where s.tenant = t.tenant) as kept
          from rowcast.tenant t
         where t.seen_at < now() - greatest(retention, interval '1 day')
         order by t.seen_at limit batch
           for update skip locked
    ), forgotten as (
        delete from rowcast.tenant t using unheard u where t.tenant = u.tenant and not u.kept
    )
    update rowcast.tenant t set seen_at = now() from unheard u where t.tenant = u.tenant and u.kept
$$;
