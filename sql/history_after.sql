-- The history of tenant $1 after position $2, in order, at most $4 log rows,
-- none that begins after position $5. Of a statement that changed more than $3
-- rows of the tenant only the last log row comes, without rows: it stands for
-- all. The shape leaves one plan only: walk the positions, and look each log row
-- up.
select s.place, s.position, s.rows, s.statement_from, s.statement_rows, s.tenant, e.nonce,
       l.xid, l.at, l.watched, l.op, l.writer,
       case when s.statement_rows <= $3::bigint then l.after end,
       case when s.statement_rows <= $3::bigint then l.before end
  from (select * from rowcast.sealed p
         where p.tenant = $1::text and p.position > $2::bigint
           and (p.statement_rows <= $3::bigint or p.position = p.statement_from + p.statement_rows - 1)
         order by p.position limit $4::bigint) s
 cross join lateral (select * from rowcast.log l where l.xid = s.xid and l.id = s.id offset 0) l
 cross join lateral (select e.nonce from rowcast.seal e where e.seal = s.seal offset 0) e
 where s.position - s.rows < $5::bigint
 order by s.position
