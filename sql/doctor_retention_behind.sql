-- The oldest change that is kept, against the retention $1: a server prunes each
-- minute, so that at most a quarter more may be there. The newest seal is the head
-- and always stays.
select case when o.sealed_at < clock_timestamp() - $1::interval * 1.25 - interval '5 min' then 'warn' else 'ok' end,
       case when o.sealed_at is null then 'the log is empty'
            else format('the oldest change is from %s, the retention is %s', date_trunc('second', o.sealed_at), $1::interval) end,
       null
  from (values (1)) one
  left join lateral (
           select s.sealed_at from rowcast.seal s
            where s.seal < (select max(h.seal) from rowcast.seal h) and s.seal > 0
            order by s.seal limit 1) o on true
