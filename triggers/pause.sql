-- Pausing: a session asks that its changes be left out of the feed, and that it did so
-- stays on record. An import that clients are not to receive is one reason.
--
-- The setting rowcast.pause of the session holds the token of its record. Every
-- role can make a setting, so the setting alone does nothing: capture looks for
-- the record whenever it is there. A statement of a session without it pays for
-- one look at the setting.
--
-- A session that pauses shares the advisory lock (1919907683, number of the
-- backend). It goes with the session, whatever ends that, and every role can see
-- it: a record without an end whose lock is gone is over. So is one for a
-- transaction, for all who see it but that transaction.

-- Leaves the changes of this session out of the feed until rowcast.resume(), or
-- the end of the session, or what ends it for a pooler (discard all). With
-- this_transaction until the end of the transaction; that is the way to do it
-- through a transaction pooler, where the next transaction of the session may be
-- somebody else's. If the transaction that calls it is rolled back, it was no
-- pause. A pause within a pause is that pause. Returns rowcast.pause.id.
create or replace function rowcast.pause(reason text, this_transaction boolean default false) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    present rowcast.pause;
    made rowcast.pause;
begin
    if coalesce(btrim(reason), '') = '' then
        raise exception 'a pause needs a reason'
            using errcode = 'invalid_parameter_value', hint = 'It stays on record: select rowcast.pause(''import of ...'').';
    end if;
    if rowcast.paused() then
        select * into strict present from rowcast.pause p where p.token = current_setting('rowcast.pause', true);
        if present.xid is null or this_transaction then
            return present.id;
        end if;
    end if;
    -- Those before it of this session, and of one before that had the same number.
    update rowcast.pause p set ended_at = clock_timestamp() where p.backend = pg_backend_pid() and p.ended_at is null;
    if not this_transaction and not pg_try_advisory_lock_shared(1919907683, pg_backend_pid()) then
        raise exception 'another session holds the advisory lock (1919907683, %)', pg_backend_pid()
            using errcode = 'lock_not_available', hint = 'It belongs to pauses of capture alone. pg_locks tells who holds it.';
    end if;
    insert into rowcast.pause (token, role, session_role, application, address, backend, xid, reason)
    values (gen_random_uuid(), coalesce(nullif(current_setting('role'), 'none'), session_user), session_user,
            current_setting('application_name'), inet_client_addr(), pg_backend_pid(),
            case when this_transaction then pg_current_xact_id() end, pause.reason)
    returning * into made;
    perform set_config('rowcast.pause', made.token, this_transaction);
    return made.id;
end $$;

-- Ends the pause of this session: what it writes from here on is captured.
-- Returns false if there was none.
create or replace function rowcast.resume() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    was_paused constant boolean := rowcast.paused();
begin
    update rowcast.pause p set ended_at = clock_timestamp() where p.backend = pg_backend_pid() and p.ended_at is null;
    perform set_config('rowcast.pause', '', false);
    return was_paused;
end $$;

-- Ends the pause of another session, which goes on without noticing. For roles
-- that may write to the record. Returns false if it is over, or there is none.
create or replace function rowcast.resume(pause_id bigint) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update rowcast.pause p set ended_at = clock_timestamp() where p.id = pause_id and p.ended_at is null;
    return found;
end $$;

-- Whether there is a record for the setting: made by this session, not ended,
-- and if it is for a transaction, for this one.
create or replace function rowcast.paused() returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if coalesce(current_setting('rowcast.pause', true), '') = '' then
        return false;
    end if;
    return exists (
        select from rowcast.pause p
         where p.token = current_setting('rowcast.pause', true) and p.backend = pg_backend_pid() and p.ended_at is null
           and (p.xid is null or p.xid = pg_current_xact_id_if_assigned()));
end $$;

-- The pauses, newest first. One that is not active is over, also if nobody has
-- written down when. What has not been committed is not seen.
create or replace function rowcast.pauses()
returns table (
    id bigint, role text, application text, address inet, backend integer, this_transaction boolean, reason text,
    begun_at timestamptz, ended_at timestamptz, active boolean)
language sql stable as $$
    select p.id, p.role || case when p.session_role <> p.role then format(' (connected as %s)', p.session_role) else '' end,
           p.application, p.address, p.backend, p.xid is not null, p.reason, p.begun_at, p.ended_at,
           p.ended_at is null and case when p.xid is not null then coalesce(p.xid = pg_current_xact_id_if_assigned(), false) else exists (
               select from pg_locks l
                where l.locktype = 'advisory' and l.objsubid = 2 and l.classid::bigint = 1919907683
                  and l.objid::bigint = p.backend and l.pid = p.backend and l.granted
                  and l.database = (select d.oid from pg_database d where d.datname = current_database())) end
      from rowcast.pause p
     order by p.id desc
$$;

-- Writes down which pauses have ended with their session or transaction.
-- Returns how many.
create or replace function rowcast.end_pauses() returns bigint
language sql as $$
    with over as (
        select p.id from rowcast.pause p
         where p.ended_at is null and p.id in (select q.id from rowcast.pauses() q where not q.active and q.ended_at is null)
           for update skip locked
    ), ended as (
        update rowcast.pause p set ended_at = clock_timestamp() from over o where p.id = o.id returning p.id
    )
    select count(*) from ended
$$;

-- Only roles that were granted it may pause:
--
--     grant usage on schema rowcast to importer;
--     grant execute on function rowcast.pause(text, boolean) to importer;
