-- What the capture functions share: the order of statements within a
-- transaction, the settings under which values are written down, and the
-- readers. Capture runs them as its owner.

-- The order of statements. PostgreSQL calls capture when a statement has ended,
-- so one that was caused by another (by a trigger, a function, a foreign key) is
-- captured before it, or beside it. The log has to be read in the order in which
-- the rows were changed. So a statement draws a number from rowcast.statement
-- when it begins, in a trigger before it. A condition of the trigger could draw it,
-- but with the rights of the writer, and it is read anew for each statement, which costs
-- more than the call.
--
-- Numbers come in threes. Between statements the newest number that the session has
-- drawn is a multiple of three. A statement that begins then draws the first of the
-- next three, and its capture draws the other two. By the second it knows that nothing
-- else has begun or was captured since: that is the ordinary way. A statement that
-- begins while another is open draws another than the first of three, and only then the
-- trigger calls begin_beside. From then on the second of three is the newest number, so
-- that every statement calls it and every capture calls close_statement, until all of
-- them have ended.
--
-- A statement that fails leaves a number behind that is no multiple of three.
-- What begins next is taken for one that began while another was open, which is
-- slower and no less right. When its transaction has committed, the setting
-- rowcast.left of the session has the newest number and the transaction: by that
-- the next one knows that nothing is open, and is ordinary again.
--
-- What is open is kept in the setting rowcast.open of the transaction, so that a
-- rollback to a savepoint forgets what it has to: how many statements have begun and
-- ended since one is open, and an entry for each, the newest first. An entry says which
-- capture closes it: the depth of its triggers, its table and its operation. It has its
-- number, the newest log id, the clocks of its table when it began, and the epoch. Of
-- the one that began in the ordinary way it is not known which capture closes it; that
-- is the one that finds no other.
--
-- The clocks of a table count how many rows the transaction has inserted, updated
-- and deleted by statements that are open. Those that have ended are no longer
-- counted: by how much a clock has advanced when a statement ends, since another
-- began, that many of its rows came later.
--
-- The epoch shows whether something was rolled back since: rows that were changed then
-- are counted all the same. Each beginning and end takes three numbers, which no
-- rollback gives back, and is counted in the setting, which a rollback sets back. The
-- epoch is the difference of the two.
--
-- A referential action begins inside the trigger of a foreign key and is captured
-- with the statement that caused it, one level further out.
create or replace function rowcast.open_statement() returns trigger
language plpgsql security definer as $$
begin
    if pg_catalog.mod(pg_catalog.nextval('rowcast.statement'), 3) operator(pg_catalog.<>) 1 then
        perform rowcast.begin_beside(tg_argv[0]::pg_catalog.int4, tg_relid, tg_op);
    end if;
    return null;
end $$;

-- Triggers of an earlier version call it, until they are replaced: their condition
-- has drawn the number.
create or replace function rowcast.begin_statement() returns trigger
language plpgsql security definer as $$
begin
    perform rowcast.begin_beside(tg_argv[0]::pg_catalog.int4, tg_relid, tg_op);
    return null;
end $$;

-- A statement that has drawn another number than the first of three.
create or replace function rowcast.begin_beside(watched_id pg_catalog.int4, relation pg_catalog.oid, op pg_catalog.text) returns void
language plpgsql as $$
declare
    number pg_catalog.int8 := rowcast.newest_number();
    residue constant pg_catalog.int8 := pg_catalog.mod(number, 3);
    open constant pg_catalog.text := coalesce(pg_catalog.current_setting('rowcast.open', true), '');
    depth constant pg_catalog.int4 := pg_catalog.pg_trigger_depth();
    transaction constant pg_catalog.text := pg_catalog.date_part('epoch', pg_catalog.now())::pg_catalog.text;
    left_at constant pg_catalog.text := coalesce(pg_catalog.current_setting('rowcast.left', true), '');
    events pg_catalog.int8 := 1;
    state pg_catalog.text;
    ignored pg_catalog.text; -- an assignment costs less than perform
begin
    if residue operator(pg_catalog.=) 0 then
        ignored := pg_catalog.nextval('rowcast.statement');
        if open operator(pg_catalog.=) ''
            and pg_catalog.split_part(left_at, ' ', 1) operator(pg_catalog.=) (number operator(pg_catalog.-) 1)::pg_catalog.text
            and pg_catalog.split_part(left_at, ' ', 2) operator(pg_catalog.<>) transaction
        then
            return;
        end if;
        ignored := pg_catalog.nextval('rowcast.statement');
    end if;
    if open operator(pg_catalog.<>) '' then
        events := pg_catalog.split_part(open, ';', 1)::pg_catalog.int8 operator(pg_catalog.+) 1;
    end if;
    ignored := pg_catalog.set_config('rowcast.left', pg_catalog.concat(pg_catalog.currval('rowcast.statement'), ' ', transaction), false);
    state := pg_catalog.format('%s %s %s', coalesce(pg_catalog.pg_sequence_last_value('rowcast.log_id'), 0),
        pg_catalog.array_to_string(rowcast.clocks(watched_id, relation), ' '),
        pg_catalog.currval('rowcast.statement') operator(pg_catalog.-) (3 operator(pg_catalog.*) events));
    ignored := pg_catalog.set_config('rowcast.open', pg_catalog.format('%s;%s %s %s=%s %s;%s', events, depth, relation, op, number, state,
        case when open operator(pg_catalog.=) '' then pg_catalog.format('=%s %s;', number operator(pg_catalog.-) 1, state)
             else pg_catalog.substr(open, pg_catalog.strpos(open, ';') operator(pg_catalog.+) 1) end), true);
end $$;

-- Finds the statement that is captured, and closes it if it has ended. Returns its
-- number, the newest log id when it began, the epoch now, its origin as in rowcast.log,
-- and 0 if what that says is not exactly of its beginning. Of an ordinary statement it
-- returns the number only.
create or replace function rowcast.close_statement(relation pg_catalog.oid, op pg_catalog.text, has_ended pg_catalog.bool default true)
returns pg_catalog.int8[]
language plpgsql as $$
declare
    -- After the number that this capture has drawn, if it has ended.
    number constant pg_catalog.int8 := pg_catalog.currval('rowcast.statement');
    open pg_catalog.text := coalesce(pg_catalog.current_setting('rowcast.open', true), '');
    events pg_catalog.int8;
    key pg_catalog.text;
    place pg_catalog.int4;
    state pg_catalog.int8[];
    ignored pg_catalog.text;
begin
    if has_ended and pg_catalog.mod(number, 3) operator(pg_catalog.=) 2 then
        ignored := pg_catalog.nextval('rowcast.statement');
        return array[number operator(pg_catalog.-) 1];
    end if;
    if open operator(pg_catalog.<>) '' then
        events := pg_catalog.split_part(open, ';', 1);
        foreach key in array case
            when has_ended then array[
                pg_catalog.format(';%s %s %s=', pg_catalog.pg_trigger_depth() operator(pg_catalog.+) 1, relation, op),
                pg_catalog.format(';%s %s %s=', pg_catalog.pg_trigger_depth(), relation, op), ';=']
            else array[rowcast.entry_of_row(open, relation, op), ';='] end
        loop
            place := pg_catalog.strpos(open, key);
            if place operator(pg_catalog.>) 0 then
                key := pg_catalog.concat(key, pg_catalog.split_part(
                    pg_catalog.substr(open, place operator(pg_catalog.+) pg_catalog.length(key)), ';', 1));
                state := pg_catalog.string_to_array(pg_catalog.split_part(key, '=', 2), ' ')::pg_catalog.int8[];
                exit;
            end if;
        end loop;
    end if;
    if has_ended then
        if state is not null then
            open := pg_catalog.overlay(open, '', place, pg_catalog.length(key));
            open := case when pg_catalog.strpos(open, '=') operator(pg_catalog.=) 0 then ''
                         else pg_catalog.concat(events operator(pg_catalog.+) 1, pg_catalog.substr(open, pg_catalog.strpos(open, ';'))) end;
            ignored := pg_catalog.set_config('rowcast.open', open, true);
        end if;
        -- The newest number becomes the second of three, or a multiple of three.
        for n in 1..pg_catalog.mod(case when open operator(pg_catalog.<>) '' then 5 else 3 end operator(pg_catalog.-) pg_catalog.mod(number, 3), 3) loop
            ignored := pg_catalog.nextval('rowcast.statement');
        end loop;
        if open operator(pg_catalog.<>) '' then
            ignored := pg_catalog.set_config('rowcast.left', pg_catalog.concat(pg_catalog.currval('rowcast.statement'), ' ',
                pg_catalog.date_part('epoch', pg_catalog.now())), false);
        end if;
    end if;
    if state is null then
        return array[number];
    end if;
    return array[state[1], state[2],
                 number operator(pg_catalog.-) case when has_ended then 1 else 0 end operator(pg_catalog.-) (3 operator(pg_catalog.*) events),
                 state[1], state[3], state[4], state[5], state[6], rowcast.operation(op),
                 case when pg_catalog.left(key, 2) operator(pg_catalog.=) ';=' then 0 else 1 end];
end $$;

-- What the setting rowcast.captured says of a table: the newest log id of a
-- capture that was not ordinary, and by how much the clocks lag behind the rows
-- that were changed. Null if there was none.
create or replace function rowcast.captured(watched_id pg_catalog.int4) returns pg_catalog.int8[]
language plpgsql as $$
declare
    found constant pg_catalog.text := pg_catalog.split_part(pg_catalog.split_part(
        coalesce(pg_catalog.current_setting('rowcast.captured', true), ''), pg_catalog.format(';%s=', watched_id), 2), ';', 1);
begin
    if found operator(pg_catalog.<>) '' then
        return pg_catalog.string_to_array(found, ',')::pg_catalog.int8[];
    end if;
    return null;
end $$;

-- The clocks of a watched table, by its name or that of a partition.
create or replace function rowcast.clocks(watched_id pg_catalog.int4, relation pg_catalog.oid) returns pg_catalog.int8[]
language plpgsql as $$
declare
    lag constant pg_catalog.int8[] := coalesce(rowcast.captured(watched_id), '{0,0,0,0}');
    changed constant pg_catalog.int8[] := rowcast.changed_rows(relation);
begin
    return array[changed[1] operator(pg_catalog.-) lag[2], changed[2] operator(pg_catalog.-) lag[3], changed[3] operator(pg_catalog.-) lag[4]];
end $$;

-- How many rows this transaction has inserted, updated and deleted of a table, or of
-- the whole partitioned table that it belongs to. What this session had done before and
-- not yet reported is left out. They are not counted for a table with very many
-- partitions.
create or replace function rowcast.changed_rows(relation pg_catalog.oid) returns pg_catalog.int8[]
language plpgsql as $$
declare
    root constant pg_catalog.oid := pg_catalog.pg_partition_root(relation);
begin
    if root is not null then
        return rowcast.changed_rows_of_partitions(root);
    end if;
    return array[pg_catalog.pg_stat_get_xact_tuples_inserted(relation), pg_catalog.pg_stat_get_xact_tuples_updated(relation),
                 pg_catalog.pg_stat_get_xact_tuples_deleted(relation)];
end $$;

create or replace function rowcast.changed_rows_of_partitions(root oid) returns bigint[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    return (select case when count(*) > 256 then '{0,0,0}'
                        else array[sum(pg_stat_get_xact_tuples_inserted(t.relid)), sum(pg_stat_get_xact_tuples_updated(t.relid)),
                                   sum(pg_stat_get_xact_tuples_deleted(t.relid))]::bigint[] end
              from pg_partition_tree(root) t where t.isleaf);
end $$;

-- The key of the newest entry that can be that of the statement which has changed
-- a row: of its table or one that this is a partition of, and of an update also if
-- the row went from one partition to another.
create or replace function rowcast.entry_of_row(open text, relation oid, op text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((
        select e.key
          from (select relation as part union select a.relid from pg_partition_ancestors(relation) a) t
         cross join unnest(array[op, 'UPDATE']) with ordinality o (op, n)
         cross join lateral (select format(';%s %s %s=', pg_trigger_depth(), t.part, o.op) as key) e
         where strpos(open, e.key) > 0 and (o.n = 1 or pg_partition_root(relation) is not null) order by o.n, strpos(open, e.key) limit 1), ';=');
end $$;

-- An operation as a number.
create or replace function rowcast.operation(op text) returns bigint
language sql immutable
return array_position('{INSERT,UPDATE,DELETE}'::text[], op);

-- The newest number that the session has drawn.
create or replace function rowcast.newest_number() returns bigint
language plpgsql as $$
begin
    return pg_catalog.currval('rowcast.statement');
exception when object_not_in_prerequisite_state then -- none was drawn in this session
    return pg_catalog.nextval('rowcast.statement');
end $$;

-- A number for a part of a statement, greater than those before and far from them,
-- so that there is room for others.
create or replace function rowcast.next_part() returns bigint
language sql volatile
return nextval('rowcast.log_id') * 1048576;

-- The number of a statement that is captured without having begun.
create or replace function rowcast.next_statement() returns bigint
language sql volatile
return nextval('rowcast.statement') + 0 * (nextval('rowcast.statement') + nextval('rowcast.statement'));

-- Whether the settings that decide how a value is written down are as capture needs
-- them. The triggers for statements are those that capture, too, and the setting of
-- pause.sql is not there. Values show DateStyle, IntervalStyle, bytea_output and
-- extra_float_digits at once: each function here costs, and so does each transaction.
-- Capture absorbs it.
create or replace function rowcast.settings_fixed() returns boolean
language sql stable
return concat(current_setting('rowcast.pause', true), current_setting('session_replication_role'), current_setting('TimeZone'),
              date '2000-01-31', interval '-1 day -1 s', bytea '\x00', float8 '0.30000000000000004') in (
    'originUTC2000-01-31-1 days -00:00:01\x000.30000000000000004', 'originEtc/UTC2000-01-31-1 days -00:00:01\x000.30000000000000004', 'originGMT2000-01-31-1 days -00:00:01\x000.30000000000000004',
    'localUTC2000-01-31-1 days -00:00:01\x000.30000000000000004', 'localEtc/UTC2000-01-31-1 days -00:00:01\x000.30000000000000004', 'localGMT2000-01-31-1 days -00:00:01\x000.30000000000000004');

-- Whether a statement is captured in the ordinary way: nothing else has begun or was
-- captured since it began, and no setting is in the way. One of a thousand looks
-- whether the transaction has grown large, and is not ordinary. Draws the second number
-- of three; the capture draws the third. Capture absorbs it.
create or replace function rowcast.ordinary() returns boolean
language sql volatile
return (nextval('rowcast.statement') % 3072 - 3) % 3 = 2 and rowcast.settings_fixed(); -- not for 2, as -1 % 3 is -1

-- Whether a statement has nothing to do with others, by what close_statement returned: it
-- is never put in order, and no other is because of it.
create or replace function rowcast.is_alone(entry bigint[]) returns boolean
language sql stable
return entry[4] is null and coalesce(current_setting('rowcast.open', true), '') = '';

-- Leaves a statement to capture_replicated, which has its rows: the trigger for
-- statements was enabled for a session_replication_role of replica as well. Draws
-- what is left of the three numbers, or three.
create or replace function rowcast.leave_to_rows() returns text
language plpgsql as $$
begin
    for n in 1..case pg_catalog.mod(pg_catalog.currval('rowcast.statement'), 3) when 2 then 1 else 2 end loop
        perform pg_catalog.nextval('rowcast.statement');
    end loop;
    return null;
end $$;

-- Makes the settings so until restore_settings gets what this returns, or the
-- transaction has ended.
create or replace function rowcast.fix_settings() returns text[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    settings constant text[] := array[
        current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle'),
        current_setting('bytea_output'), current_setting('extra_float_digits')];
begin
    perform rowcast.restore_settings(array['UTC', 'ISO', 'postgres', 'hex', '1']);
    return settings;
end $$;

-- Fixes the search_path as well, and what money and the names of things look
-- like; returns the settings with those that they were.
create or replace function rowcast.fix_search_path(settings text[]) returns text[]
language plpgsql as $$
declare
    given constant pg_catalog.text[] := array[
        pg_catalog.current_setting('search_path'), pg_catalog.current_setting('lc_monetary'), pg_catalog.current_setting('quote_all_identifiers')];
begin
    if pg_catalog.cardinality(settings) operator(pg_catalog.>) 5 then
        return settings; -- they are fixed
    end if;
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    if given[2] <> 'C' then
        perform set_config('lc_monetary', 'C', true);
    end if;
    if given[3] <> 'off' then
        perform set_config('quote_all_identifiers', 'off', true);
    end if;
    return coalesce(nullif(settings, '{}'), array_fill(null::text, array[5])) || given;
end $$;

create or replace function rowcast.restore_settings(settings text[]) returns void
language plpgsql as $$
begin
    perform pg_catalog.set_config(s.name, s.wanted, true)
       from rows from (
                pg_catalog.unnest(array['TimeZone', 'DateStyle', 'IntervalStyle', 'bytea_output', 'extra_float_digits',
                                        'search_path', 'lc_monetary', 'quote_all_identifiers']),
                pg_catalog.unnest(settings)) s (name, wanted)
      where pg_catalog.current_setting(s.name) operator(pg_catalog.<>) s.wanted;
end $$;

-- What a capture that is not ordinary does at its end. entry is null if the statement
-- has changed nothing. row_count is how many rows it has changed, null if that is not
-- known. The result means nothing: an assignment costs less than perform.
create or replace function rowcast.settle(
    settings pg_catalog.text[], watched_id pg_catalog.int4, relation pg_catalog.oid, entry pg_catalog.int8[], op pg_catalog.text, row_count pg_catalog.int8
) returns pg_catalog.text
language plpgsql as $$
declare
    ignored pg_catalog.text;
begin
    if entry[4] is not null then
        ignored := rowcast.settle_entry(watched_id, relation, entry, rowcast.operation(op)::pg_catalog.int4, row_count);
    end if;
    if settings operator(pg_catalog.<>) '{}' then
        perform rowcast.restore_settings(settings);
    end if;
    return ignored;
end $$;

-- Puts a statement in order if its table was captured while it was open, and
-- notes that it was captured. Values are written down under the settings of capture.
create or replace function rowcast.settle_entry(
    watched_id pg_catalog.int4, relation pg_catalog.oid, entry pg_catalog.int8[], kind pg_catalog.int4, row_count pg_catalog.int8
) returns pg_catalog.text
language plpgsql as $$
declare
    captured pg_catalog.int8[];
    changed pg_catalog.int8[];
    list pg_catalog.text;
begin
    captured := rowcast.captured(watched_id);
    changed := rowcast.changed_rows(relation);
    if captured[1] operator(pg_catalog.>) entry[2] then
        if rowcast.is_serializable() then
            perform rowcast.tell_unordered(watched_id, entry);
        else
            perform rowcast.put_in_order(watched_id, entry, kind, row_count, changed[kind] operator(pg_catalog.-) captured[kind operator(pg_catalog.+) 1]);
        end if;
    end if;
    if pg_catalog.current_setting('rowcast.rows', true) operator(pg_catalog.<>) '' and pg_catalog.current_setting('rowcast.open', true) operator(pg_catalog.=) '' then
        list := pg_catalog.set_config('rowcast.rows', '', true);
    end if;
    list := coalesce(pg_catalog.current_setting('rowcast.captured', true), '');
    if list operator(pg_catalog.=) '' then
        list := ';';
    elsif captured is not null then
        list := pg_catalog.replace(list, pg_catalog.format(';%s=%s;', watched_id, pg_catalog.array_to_string(captured, ',')), ';');
    end if;
    captured := coalesce(captured, '{0,0,0,0}');
    captured[1] := coalesce(pg_catalog.pg_sequence_last_value('rowcast.log_id'), 0);
    captured[kind operator(pg_catalog.+) 1] := changed[kind] operator(pg_catalog.-) entry[kind operator(pg_catalog.+) 4];
    return pg_catalog.set_config('rowcast.captured', pg_catalog.format(';%s=%s%s', watched_id, pg_catalog.array_to_string(captured, ','), list), true);
end $$;

-- Whether a reader is asleep, so that it has to be notified. If none is, a reader that
-- wants to sleep waits for the transaction. Capture absorbs it.
create or replace function rowcast.reader_asleep() returns boolean
language sql volatile
return not pg_try_advisory_xact_lock_shared(rowcast.lock_number('sleep'));

-- Whether it is time to look whether the transaction has grown large: after a
-- thousand statements or so, by the numbers of the session, or many rows.
create or replace function rowcast.time_to_note(changed bigint) returns boolean
language sql volatile
return currval('rowcast.statement') % 3072 <= 3 or changed > 1000;

-- Whether a statement that was not ordinary leaves something to do after its
-- append: a reader has to be notified, or it is time to look whether the transaction
-- has grown large. Capture absorbs it.
create or replace function rowcast.is_due(changed bigint) returns boolean
language sql volatile
return rowcast.reader_asleep() or rowcast.time_to_note(changed);

create or replace function rowcast.after_append(watched_id integer, op text, changed bigint, tenants text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if rowcast.time_to_note(changed) then
        perform rowcast.note_tenants();
    end if;
    if rowcast.reader_asleep() then
        perform rowcast.notify(watched_id, op, changed, tenants);
    end if;
end $$;

-- Whether the transaction is serializable. One that is must not read the log: to have
-- read a page of its index, into which others append, could make it fail, or them.
create or replace function rowcast.is_serializable() returns boolean
language sql stable
return current_setting('transaction_isolation') = 'serializable';

-- Notes which tenants the transaction has touched since it last did, if it is
-- large. The seal that finds the transaction then needs to look at its last rows
-- only, before others can pass by: see queue.sql.
create or replace function rowcast.note_tenants() returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
    own constant xid8 := pg_current_xact_id();
    noted constant bigint := (select n.id from rowcast.noted n where n.xid = own and not rowcast.is_serializable());
begin
    if rowcast.is_serializable() or noted is null and not exists (select from rowcast.log_active l where l.xid = own offset 1000) then
        return;
    end if;
    insert into rowcast.noted (xid, id)
    select own, rowcast.note_rows(own, coalesce(noted, 0))
    on conflict (xid) do update set id = excluded.id;
end $$;

-- Notes the tenants of a transaction's log rows after one, and returns the newest.
-- The tenant of a truncate, which concerns all of them, is the empty text.
create or replace function rowcast.note_rows(transaction xid8, noted bigint) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
begin
    insert into rowcast.queue_tenant (tenant, xid)
    select distinct coalesce(l.tenant, ''), transaction from rowcast.log_active l where l.xid = transaction and l.id > noted
    on conflict do nothing;
    return (select l.id from rowcast.log_active l where l.xid = transaction order by l.id desc limit 1);
end $$;

-- Notifies readers at commit. The payload is a hint for every session that listens and
-- never holds row data: any role can listen. A queue that is half full is not filled
-- further, since a full one would fail the writer's commit; readers then find the
-- change at their next poll.
create or replace function rowcast.notify(watched_id integer, op text, changed bigint, tenants text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    payload jsonb;
begin
    if pg_notification_queue_usage() > 0.5 then
        return;
    end if;
    payload := jsonb_build_object(
        'v', 1,
        'table', (select w.table_name from rowcast.watched w where w.id = watched_id),
        'op', lower(op),
        'n', changed);
    tenants := array(select distinct t from unnest(tenants) t);
    if cardinality(tenants) = 1 then
        payload := payload || jsonb_build_object('tenant_id', tenants[1]);
    elsif cardinality(tenants) between 2 and 2000 then
        payload := payload || jsonb_build_object('tenant_ids', tenants);
    end if;
    if octet_length(payload::text) > 7999 then
        payload := payload - 'tenant_ids';
    end if;
    perform pg_notify('rowcast', payload::text);
end $$;
