-- Removes everything that the benchmark made, but for what is in the log.
-- Sessions of its writers that still work would hold their locks.
select pg_terminate_backend(a.pid)
  from pg_stat_activity a
 where a.datname = current_database() and a.application_name = 'rowcast-bench writer';
select rowcast.unwatch(c.oid::regclass)
  from pg_class c
 where c.relnamespace = to_regnamespace('rowcast_bench') and c.relkind = 'r';
drop schema if exists rowcast_bench cascade;
