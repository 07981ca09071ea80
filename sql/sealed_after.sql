-- What was sealed after place $1, in order, at most $3 log rows. The rows of a
-- statement that changed more than $2 rows of a tenant are not fetched. What is in
-- the active segment of the log comes with it; of other rows only where they are.
-- Images that take more than $4 bytes are left out, too.
-- With each comes the version of the rules. The shape leaves one plan only: walk the
-- places, and look each log row up.
select s.place, s.position, s.rows, s.statement_from, s.statement_rows, s.tenant, e.nonce, s.segment, s.xid, s.id,
       coalesce((select r.version from rowcast.rules r), 0), l.id is not null, coalesce(l.at, 'epoch'), coalesce(l.watched, 0), coalesce(l.op, ' '), coalesce(l.writer, ''),
       case when s.statement_rows <= $2::bigint and (l.stored <= $4::bigint or l.op = 't') then array_send(l.after) end,
       case when s.statement_rows <= $2::bigint and (l.stored <= $4::bigint or l.op = 't') then array_send(l.before) end
  from (select * from rowcast.sealed p where p.place > $1::bigint order by p.place limit $3::bigint) s
  left join lateral (
           select l.*, coalesce(pg_column_size(l.after), 0)::bigint + coalesce(pg_column_size(l.before), 0) as stored from rowcast.log_active l
            where l.xid = s.xid and l.id = s.id
              and s.segment = (select g.segment from rowcast.segment g where g.opened_at is not null and g.closed_at is null)
           offset 0) l on true
 cross join lateral (select e.nonce from rowcast.seal e where e.seal = s.seal offset 0) e
 order by s.place
