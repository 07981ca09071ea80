-- The session that holds the lock of the seal, in words.
select format('pid %s, role %s, application %s', a.pid, a.usename, a.application_name)
  from pg_stat_activity a
 where a.pid in (select h.pid from rowcast.lock_holders() h where h.lock = 'seal' and h.granted)
