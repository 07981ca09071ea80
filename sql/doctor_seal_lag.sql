-- What was committed and has no place yet. It is a matter of milliseconds while a
-- server seals; $1 and $2 are the bounds for the age of the oldest.
select case when u.age >= $2::interval then 'fail' when u.age >= $1::interval then 'warn' else 'ok' end,
       case when u.count = 0 then 'everything is sealed'
            else format('%s log rows are not sealed, the oldest for %s', u.count, date_trunc('second', u.age)) end,
       null
  from (select count(*), clock_timestamp() - min(l.at) as age from rowcast.unsealed() l) u
