-- status.sql: shows the feed, the log, what is watched, and who has paused capture.
--
--     psql -X -f sql/status.sql
--
-- Undo: nothing to undo; it reads.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never

\echo Feed
select f.id as feed, h.place as head, h.sealed_at as last_seal,
       (select count(*) from rowcast.tenant) as tenants,
       rowcast.servers() as servers,
       coalesce('no: ' || rowcast.foreign_log(), 'yes') as of_this_database
  from rowcast.feed f left join (select s.place, s.sealed_at from rowcast.seal s order by s.seal desc limit 1) h on true;

\echo Log
select (select min(s.sealed_at) from rowcast.seal s) as oldest,
       (select count(*) from rowcast.segment s where s.opened_at is not null) as segments,
       (select pg_size_pretty(sum(pg_total_relation_size(i.inhrelid)))
          from pg_inherits i where i.inhparent = 'rowcast.log'::regclass) as log_size,
       pg_size_pretty(pg_total_relation_size('rowcast.sealed')) as order_size,
       pg_notification_queue_usage() as notify_queue;

\echo Watched tables
select coalesce(c.oid::regclass::text, format('%I.%I', w.table_schema, w.table_name)) as "table", w.name as events,
       w.tenant_column, array_to_string(w.exclude, ', ') as excluded, w.readable, coalesce(d.detail, 'captured') as state
  from rowcast.watched w
  left join pg_class c on c.oid = w.relation
  left join rowcast.trigger_drift() d on d.watched = w.id
 where w.active
 order by 1;

\echo Pauses of capture, those that go on and the last ten
select p.id as pause, p.active, p.role, p.application, p.address, p.backend, p.reason, p.begun_at, p.ended_at
  from (select p.*, row_number() over (order by p.id desc) as n from rowcast.pauses() p) p
 where p.active or p.n <= 10
 order by p.active desc, p.id desc;
