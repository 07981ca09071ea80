-- The rows that the log row of transaction $1 with id $2 holds, one a line, or the
-- $4-th alone, unless that is null: what the log row takes as it is stored, which of
-- its rows it is, its bytes, old and new together, and the two unless they are more
-- than $3. One line without a row says that the log row takes so much that it is not
-- looked into. None: there is no such log row.
select l.stored, i.n, i.size,
       case when i.size <= $3::bigint then json_send(i.after) end,
       case when i.size <= $3::bigint then json_send(i.before) end
  from (select r.after, r.before, coalesce(pg_column_size(r.after), 0)::bigint + coalesce(pg_column_size(r.before), 0) as stored
          from rowcast.log r where r.xid = $1::text::xid8 and r.id = $2::bigint limit 1) l
  left join lateral (
           select u.n, u.after, u.before, coalesce(pg_column_size(u.after), 0)::bigint + coalesce(pg_column_size(u.before), 0) as size
             from unnest(case when l.stored <= 4 * $3::bigint then l.after end, case when l.stored <= 4 * $3::bigint then l.before end)
                  with ordinality u (after, before, n)
            where $4::bigint is null or u.n = $4::bigint
           offset 0) i on true
 order by i.n
