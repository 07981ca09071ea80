-- What was sealed after place $1, in order, at most $3 log rows. The rows of a
-- statement that changed more than $2 rows of a tenant are not fetched. The shape
-- leaves one plan only: walk the places, and look each log row up.
select s.place, s.position, s.rows, s.statement_from, s.statement_rows, s.tenant, e.nonce,
       l.xid, l.at, l.watched, l.op, l.writer,
       case when s.statement_rows <= $2::bigint then l.after end,
       case when s.statement_rows <= $2::bigint then l.before end
  from (select * from rowcast.sealed p where p.place > $1::bigint order by p.place limit $3::bigint) s
 cross join lateral (select * from rowcast.log l where l.xid = s.xid and l.id = s.id offset 0) l
 cross join lateral (select e.nonce from rowcast.seal e where e.seal = s.seal offset 0) e
 order by s.place
