-- Reading the log. Its segments are tables of their own, and a query that names
-- the log looks into all of them; a sealed row says in which its rows are.

-- Rows of the log that are in one segment: those with these transactions and ids,
-- with their images if asked. Of what was sealed before segments were noted, the
-- segment is null. A segment that was closed meanwhile is not found by a caller
-- who took it for the active one; it asks again.
create or replace function rowcast.log_rows(segment integer, xids xid8[], ids bigint[], images boolean[])
returns table (xid xid8, id bigint, at timestamptz, watched integer, op "char", writer text, after json[], before json[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
    part constant text := case
        when segment is null then 'rowcast.log'
        when segment = (select s.segment from rowcast.segment s where s.opened_at is not null and s.closed_at is null) then 'rowcast.log_active'
        else format('rowcast.log_%s', segment) end;
begin
    return query execute format($query$
        select l.xid, l.id, l.at, l.watched, l.op, l.writer, case when k.images then l.after end, case when k.images then l.before end
          from unnest($1, $2, $3) k (xid, id, images)
         cross join lateral (select r.* from %s r where r.xid = k.xid and r.id = k.id offset 0) l $query$, part)
    using xids, ids, images;
end $$;
