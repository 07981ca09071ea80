-- Rows of segment $1 of the log, null for any: those of transactions $2 with ids $3,
-- with their images where $4 says so, unless these take more than $5 bytes.
select l.xid, l.id, l.at, l.watched, l.op, l.writer,
       case when l.stored <= $5::bigint or l.op = 't' then array_send(l.after) end,
       case when l.stored <= $5::bigint or l.op = 't' then array_send(l.before) end
  from (select r.*, coalesce(pg_column_size(r.after), 0)::bigint + coalesce(pg_column_size(r.before), 0) as stored
          from rowcast.log_rows($1::integer, $2::text[]::xid8[], $3::bigint[], $4::boolean[]) r
        offset 0) l
