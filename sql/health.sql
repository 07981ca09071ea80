-- What a server asks of the database now and then, as one row. It has the newest sealed
-- sequence, and how full the queue of NOTIFY is, from 0 to 1. When that is fuller than
-- $1, it has the session with the oldest open transaction, in words, null if this role
-- may see none. A session that listens and does not end its transaction keeps the queue
-- from being emptied. Then come the watched tables that are not captured as they should
-- be, as JSON, and the pauses that go on or ended in the last five minutes.
select (select s.place from rowcast.seal s order by s.seal desc limit 1),
       q.usage,
       (select format('pid %s, database %s, role %s, application %s, in a transaction since %s',
                      a.pid, a.datname, a.usename, a.application_name, a.xact_start)
          from pg_stat_activity a
         where q.usage > $1::float8 and a.backend_type = 'client backend' and a.xact_start is not null and a.pid <> pg_backend_pid()
         order by a.xact_start limit 1),
       (select coalesce(json_agg(json_build_object('table', d.table_name, 'triggers', d.triggers, 'detail', d.detail, 'lost', d.lost)), '[]')
          from rowcast.trigger_drift() d),
       (select coalesce(json_agg(json_build_object(
                   'id', p.id, 'role', p.role, 'application', p.application, 'address', coalesce(host(p.address), ''),
                   'reason', p.reason, 'begun', p.begun_at, 'active', p.active)), '[]')
          from rowcast.pauses() p
         where p.ended_at is null or p.ended_at > clock_timestamp() - interval '5 minutes')
  from (select pg_notification_queue_usage() as usage) q
