-- notify_queue.sql: shows how full the queue of NOTIFY is, and who may keep it from being emptied.
--
--     psql -X -f sql/notify_queue.sql
--
-- Above one half Rowcast no longer notifies, and events come late; when it is full
-- every commit with a NOTIFY fails. A session that listens and does not end its
-- transaction keeps the queue from being emptied. PostgreSQL does not show who listens,
-- so it shows the oldest open transactions of every database.
--
-- Undo: nothing to undo; it reads. To end a session: select pg_terminate_backend(pid);

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never

select pg_notification_queue_usage() as usage,
       coalesce(pg_size_pretty(current_setting('max_notify_queue_pages', true)::bigint * 8192), '8 GB') as size,
       (select count(*)
          from pg_locks l
         where l.locktype = 'object' and l.database = 0 and l.classid = 'pg_database'::regclass
           and l.objid = 0 and not l.granted) as commits_waiting;

select a.pid, a.datname as database, a.usename as role, a.application_name as application, a.state,
       clock_timestamp() - a.xact_start as transaction_age, left(a.query, 60) as last_query
  from pg_stat_activity a
 where a.backend_type = 'client backend' and a.xact_start is not null and a.pid <> pg_backend_pid()
 order by a.xact_start
 limit 10;
