-- Whether the log is cut into segments in time, of which a server that leads closes
-- one each eighth of the retention $1. What may keep it from that: triggers on
-- events of DDL, which run when a segment is made, and a lock on the log.
select case when s.age > $1::interval / 4 + interval '10 min' and s.filled then 'warn' else 'ok' end,
       format('the segment that is written was begun %s ago', date_trunc('second', s.age))
           || case when s.age > $1::interval / 4 + interval '10 min' and s.filled and e.names is not null
                   then format('; event triggers run when one is closed: %s', e.names) else '' end,
       null
  from (select clock_timestamp() - g.opened_at as age, exists (select from rowcast.log_active) as filled
          from rowcast.segment g where g.opened_at is not null and g.closed_at is null) s,
       (select string_agg(format('%I (%s)', t.evtname, t.evtfoid::regproc), ', ' order by t.evtname) as names
          from pg_event_trigger t where t.evtenabled <> 'D' and t.evtevent like 'ddl%') e
