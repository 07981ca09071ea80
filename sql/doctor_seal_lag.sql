-- What was committed and has no place yet. It is a matter of milliseconds while a
-- server seals; $1 and $2 are the bounds for the age of the oldest.
select case when u.age >= $2::interval then 'fail' when u.age >= $1::interval then 'warn' else 'ok' end,
       case when u.count = 0 then 'everything is sealed'
            else format('%s log rows are not sealed, the oldest for %s', u.count, date_trunc('second', u.age)) end,
       null
  from (select count(*), clock_timestamp() - min(l.at) as age
          from (select s.snapshot from rowcast.seal s order by s.seal desc limit 1) h
         cross join lateral (
                   select l.at from rowcast.log_active l where l.xid >= pg_snapshot_xmax(h.snapshot)
                    union all
                   select l.at from rowcast.log_active l where l.xid = any (array(select pg_snapshot_xip(h.snapshot)))) l) u
