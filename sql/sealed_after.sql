-- What was sealed after place $1, in order, at most $3 log rows. The rows of a
-- statement that changed more than $2 rows of a tenant are not fetched.
select s.place, s.position, s.rows, s.statement_from, s.statement_rows, s.tenant, e.nonce,
       l.xid, l.at, l.watched, l.op, l.writer,
       case when s.statement_rows <= $2::bigint then l.after end,
       case when s.statement_rows <= $2::bigint then l.before end
  from rowcast.sealed s
  join rowcast.log l on l.xid = s.xid and l.id = s.id
  join rowcast.seal e on e.seal = s.seal
 where s.place > $1::bigint
 order by s.place
 limit $3::bigint
