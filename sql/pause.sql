-- pause.sql: leaves out of the feed what this session writes, and has that on record.
--
--     psql -X -v reason='import of May' -f sql/pause.sql -f import.sql -f sql/resume.sql
--
-- reason  why; required
--
-- The changes are never sent, also later. The role needs to be allowed to:
--     grant usage on schema rowcast to importer;
--     grant execute on function rowcast.pause(text, boolean) to importer;
-- Within a transaction, or through a transaction pooler, call it for that
-- transaction instead: select rowcast.pause('import of May', this_transaction => true);
--
-- Undo: sql/resume.sql, or the end of the session.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?reason}
\else
\set reason ''
\endif
select :'reason' = '' as missing \gset
\if :missing
do $$ begin raise exception 'why? Give the reason with -v reason=''import of May'' : it stays on record'; end $$;
\endif

select rowcast.pause(:'reason') as pause, pg_backend_pid() as backend \gset
\echo Capture is paused for this session (:backend), on record as pause :pause.
