-- Rows of segment $1 of the log, null for any: those of transactions $2 with ids $3,
-- with their images where $4 says so.
select l.xid, l.id, l.at, l.watched, l.op, l.writer, l.after, l.before
  from rowcast.log_rows($1::integer, $2::text[]::xid8[], $3::bigint[], $4::boolean[]) l
