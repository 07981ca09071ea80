-- detach.sql: has the changes of a table captured no longer.
--
--     psql -X -f sql/detach.sql -v table=public.invoices
--
-- table         the table, with its schema; required
-- lock_timeout  how long to wait for the table, while writers wait behind; 250ms
--
-- Undo: sql/attach.sql. What is in the log stays there until it is pruned, and
-- what was written in between is not captured.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?table}
\else
\set table ''
\endif
select :'table' = '' as missing \gset
\if :missing
do $$ begin raise exception 'which table? Give it with -v table=public.invoices'; end $$;
\endif
\if :{?lock_timeout}
\else
\set lock_timeout '250ms'
\endif

begin;
set local lock_timeout = :'lock_timeout';
-- Those who change triggers take turns.
select pg_advisory_xact_lock(rowcast.lock_number('migration')) as turn \gset
select rowcast.unwatch(:'table'::regclass) as detached \gset
commit;

\if :detached
\echo Changes of :table are no longer captured.
\else
\echo :table was not attached: nothing to do.
\endif
