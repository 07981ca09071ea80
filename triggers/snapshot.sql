-- Starting right: where the feed of a tenant stands in the snapshot of a transaction, so
-- that rows that were selected in it and the events that follow are one whole.
--
-- A seal that the snapshot shows has a snapshot of its own, which is older. So whatever
-- the feed has at the cursor, the snapshot shows. An event after it may be of a
-- transaction that the snapshot shows as well, because it had committed and was not
-- sealed yet. It names its transaction, so that a client with the snapshot can drop it.

-- A number as cursors write it.
create or replace function rowcast.base36(number bigint) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
    digits text := '';
begin
    loop
        digits := substr('0123456789abcdefghijklmnopqrstuvwxyz', (number % 36)::integer + 1, 1) || digits;
        number := number / 36;
        exit when number = 0;
    end loop;
    return digits;
end $$;

-- The cursor of a tenant in the snapshot of this transaction, and the snapshot. Events
-- follow the cursor. Those whose source.tx is visible in the snapshot are in the rows
-- that this transaction selects; all others are not. It refuses, with what to do, where
-- that would not hold:
--
-- Each statement of a transaction at READ COMMITTED has a snapshot of its own. That of a
-- standby does not say which transactions are running. What this transaction has written
-- is in its rows, and its snapshot does not say so. A truncate is not handed to a tenant
-- that nobody has heard of; one without changes is forgotten a day after it was heard of.
--
-- It ends in "~any": whatever view a client has may continue from it.
create or replace function rowcast.cursor(tenant text) returns table (cursor text, snapshot pg_snapshot)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    reason text;
    head record;
begin
    if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
        raise exception 'a cursor belongs to the rows of one snapshot, and this transaction is at %', upper(current_setting('transaction_isolation'))
            using errcode = 'active_sql_transaction', hint = 'Begin with: begin isolation level repeatable read read only. Select the rows in the same transaction.';
    elsif pg_is_in_recovery() then
        raise exception 'this server is a standby, and its snapshots do not say which transactions are running'
            using errcode = 'object_not_in_prerequisite_state', hint = 'Ask the primary for the cursor and the rows.';
    elsif pg_current_xact_id_if_assigned() is not null then
        raise exception 'this transaction has written, and its snapshot does not say so'
            using errcode = 'active_sql_transaction', hint = 'Commit first. Then ask in another transaction, which only reads.';
    elsif coalesce(cursor.tenant, '') = '' or octet_length(cursor.tenant) > 255 then
        raise exception 'which tenant?'
            using errcode = 'invalid_parameter_value', hint = 'Give it as tokens name it: 1 to 255 bytes.';
    end if;
    reason := rowcast.foreign_log();
    if reason is not null then
        raise exception 'the change log does not belong to this database: %', reason
            using errcode = 'object_not_in_prerequisite_state', hint = 'Begin a new feed with: rowcast migrate --new-feed';
    end if;
    select f.id, coalesce(h.position, t.floor) as position, coalesce(h.nonce, t.floor_nonce) as nonce
      into head
      from rowcast.feed f
     cross join rowcast.tenant t
      left join lateral (
               select s.position, e.nonce
                 from rowcast.sealed s join rowcast.seal e on e.seal = s.seal
                where s.tenant = t.tenant
                order by s.position desc limit 1) h on true
     where t.tenant = cursor.tenant
       and (h.position is not null or t.floor > 0 or t.seen_at > now() - interval '12 hours');
    if not found then
        raise exception 'unknown-tenant: nobody has heard of tenant % before this transaction began', quote_literal(cursor.tenant)
            using errcode = 'invalid_parameter_value',
                  hint = format('Run select rowcast.know(%L), and commit it. Then begin again. Tenants are spelled as their column writes them.', cursor.tenant);
    end if;
    return query select format('%s.%s.%s~any', head.id, head.position, rowcast.base36(head.nonce)), pg_current_snapshot();
end $$;
