-- oldest_transactions.sql: shows the oldest transactions, and what each holds up.
--
--     psql -X -f sql/oldest_transactions.sql -v limit=5
--
-- limit  how many; 10
--
-- An open transaction delays no change of another. But a segment of the log is not
-- closed while one has written to it, and the sleeping reader waits for those that
-- wrote while it was awake. Tables are not cleaned up, and triggers are not changed. A
-- role without pg_read_all_stats sees less of the sessions of others.
--
-- Undo: nothing to undo; it reads. To end a session: select pg_terminate_backend(pid);
-- to end a prepared transaction: rollback prepared 'its name';

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?limit}
\else
\set limit '10'
\endif

with holder as (
    select l.pid, l.virtualtransaction,
           bool_or(l.relation = 'rowcast.log_active'::regclass and l.mode = 'RowExclusiveLock') as log,
           exists (select from rowcast.lock_holders() s
                    where s.lock = 'sleep' and s.mode = 'ShareLock' and s.granted and s.pid is not distinct from l.pid and s.virtualtransaction = l.virtualtransaction) as sleep,
           bool_or(l.relation in (select w.relation from rowcast.watched w where w.active)) as watched
      from pg_locks l
     where l.granted
       and (l.database is null or l.database = (select d.oid from pg_database d where d.datname = current_database()))
     group by l.pid, l.virtualtransaction
), open as (
    select a.pid::text as who, a.datname, a.usename, a.application_name, a.state, a.xact_start as begun,
           a.backend_xid is not null as writes, a.backend_xmin is not null or a.backend_xid is not null as cleanup, h.log, h.sleep, h.watched
      from pg_stat_activity a left join holder h on h.pid = a.pid
     where a.xact_start is not null and a.pid <> pg_backend_pid() and a.backend_type <> 'autovacuum worker'
     union all
    select quote_literal(p.gid), p.database, p.owner, null, 'prepared', p.prepared, true, true, h.log, h.sleep, h.watched
      from pg_prepared_xacts p
      left join pg_locks x on x.locktype = 'transactionid' and x.transactionid = p.transaction and x.pid is null
      left join holder h on h.pid is null and h.virtualtransaction = x.virtualtransaction
)
select o.who, o.datname as database, o.usename as role, o.application_name as application, o.state,
       clock_timestamp() - o.begun as age, o.writes,
       concat_ws(', ', case when o.log then 'closing the segment of the log' end, case when o.sleep then 'sleep of the reader' end,
           case when o.watched then 'changes of triggers' end, case when o.cleanup then 'cleaning up of tables' end) as holds_up
  from open o
 order by o.begun
 limit :'limit'::bigint;
