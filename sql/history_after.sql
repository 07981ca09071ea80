-- The history of tenant $1 after position $2, in order, at most $4 log rows,
-- none that begins after position $5. Of a statement that changed more than $3
-- rows of the tenant only the last log row comes, without rows: it stands for
-- all. What is in the active segment of the log comes with it; of other rows only
-- where they are. Images that take more than $6 bytes are left out, too. With each
-- comes the version of the rules. The shape leaves one plan only: walk the positions, and
-- look each log row up.
select s.place, s.position, s.rows, s.statement_from, s.statement_rows, s.tenant, e.nonce, s.segment, s.xid, s.id,
       coalesce((select r.version from rowcast.rules r), 0), l.id is not null, coalesce(l.at, 'epoch'), coalesce(l.watched, 0), coalesce(l.op, ' '), coalesce(l.writer, ''),
       case when s.statement_rows <= $3::bigint and (l.stored <= $6::bigint or l.op = 't') then array_send(l.after) end,
       case when s.statement_rows <= $3::bigint and (l.stored <= $6::bigint or l.op = 't') then array_send(l.before) end
  from (select * from rowcast.sealed p
         where p.tenant = $1::text and p.position > $2::bigint
           and (p.statement_rows <= $3::bigint or p.position = p.statement_from + p.statement_rows - 1)
         order by p.position limit $4::bigint) s
  left join lateral (
           select l.*, coalesce(pg_column_size(l.after), 0)::bigint + coalesce(pg_column_size(l.before), 0) as stored from rowcast.log_active l
            where l.xid = s.xid and l.id = s.id
              and s.segment = (select g.segment from rowcast.segment g where g.opened_at is not null and g.closed_at is null)
           offset 0) l on true
 cross join lateral (select e.nonce from rowcast.seal e where e.seal = s.seal offset 0) e
 where s.position - s.rows < $5::bigint
 order by s.position
