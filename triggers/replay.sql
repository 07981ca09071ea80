-- Replay: sends a part of the history of a tenant once more.

-- Appends the rows of the positions from first to last to the log again, as they
-- were written then. They get new positions, so that nothing that clients have
-- received, and no cursor, is touched; each makes one event <name>:replayed,
-- whatever it was. Deletes, truncates and earlier replays have no row to send
-- and are left out. Refuses a range that is not in the history, or that has more
-- than max_rows positions or max_bytes bytes of rows. Returns what was appended.
create or replace function rowcast.replay(
    tenant text, first bigint, last bigint, max_rows bigint default 10000, max_bytes bigint default 67108864,
    out rows bigint, out bytes bigint, out left_out bigint
)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    floor_position bigint;
    head_position bigint;
    appended record;
begin
    select t.floor, coalesce((select s.position from rowcast.sealed s where s.tenant = t.tenant order by s.position desc limit 1), t.floor)
      into floor_position, head_position
      from rowcast.tenant t where t.tenant = replay.tenant;
    if not found then
        raise exception 'the feed does not know tenant %', quote_nullable(tenant)
            using errcode = 'invalid_parameter_value', hint = 'A tenant is written as in the events, letter by letter.';
    elsif first is null or last is null or first > last or first < 1 then
        raise exception 'there are no positions from % to %', first, last
            using errcode = 'invalid_parameter_value', hint = 'Positions begin with 1, and the first is not greater than the last.';
    elsif first <= floor_position then
        raise exception 'position % of tenant % was pruned', first, quote_literal(tenant)
            using errcode = 'invalid_parameter_value', hint = format('Its history begins with position %s.', floor_position + 1);
    elsif last > head_position then
        raise exception 'tenant % has no position %', quote_literal(tenant), last
            using errcode = 'invalid_parameter_value', hint = format('The newest is %s.', head_position);
    elsif last - first >= max_rows then
        raise exception '% positions are more than %', last - first + 1, max_rows
            using errcode = 'program_limit_exceeded', hint = 'Replay a shorter range, or raise max_rows.';
    end if;
    rows := 0;
    bytes := 0;
    -- A log row and a statement for each row: it never counts as a bulk statement.
    for appended in
        select l.watched, a.image, octet_length(a.image::text) as size
          from (select s.* from rowcast.sealed s
                 where s.tenant = replay.tenant and s.position >= first and s.position - s.rows < last) s
          join rowcast.log l on l.xid = s.xid and l.id = s.id
         cross join lateral unnest(l.after) with ordinality a (image, n)
         where l.op in ('i', 'u') and s.position - s.rows + a.n between first and last
         order by s.position, a.n
    loop
        rows := rows + 1;
        bytes := bytes + appended.size;
        if bytes > max_bytes then
            raise exception 'the rows of the positions from % to % have more than % bytes', first, last, max_bytes
                using errcode = 'program_limit_exceeded', hint = 'Replay a shorter range, or raise max_bytes.';
        end if;
        insert into rowcast.log_active (begun, watched, rows, op, tenant, after)
        values (rowcast.next_statement(), appended.watched, 1, 'r', replay.tenant, array[appended.image]);
    end loop;
    left_out := last - first + 1 - rows;
    insert into rowcast.replay (tenant, from_position, to_position, rows, bytes, role, application, address, xid)
    values (replay.tenant, first, last, replay.rows, replay.bytes, session_user, current_setting('application_name'),
            inet_client_addr(), pg_current_xact_id());
    if rows > 0 and rowcast.reader_asleep() then
        perform rowcast.notify(appended.watched, 'replay', rows, array[replay.tenant]);
    end if;
end $$;

-- Early versions called it; by now nothing does.
drop function if exists rowcast.ring(integer, text, bigint, text[]);
