-- The history of tenant $1 after position $2, in order, at most $4 log rows.
-- Of a statement that changed more than $3 rows of the tenant only the last
-- log row comes, without rows: it stands for all.
select s.place, s.position, s.rows, s.statement_from, s.statement_rows, s.tenant, e.nonce,
       l.xid, l.at, l.watched, l.op, l.writer,
       case when s.statement_rows <= $3::bigint then l.after end,
       case when s.statement_rows <= $3::bigint then l.before end
  from rowcast.sealed s
  join rowcast.log l on l.xid = s.xid and l.id = s.id
  join rowcast.seal e on e.seal = s.seal
 where s.tenant = $1::text and s.position > $2::bigint
   and (s.statement_rows <= $3::bigint or s.position = s.statement_from + s.statement_rows - 1)
 order by s.position
 limit $4::bigint
