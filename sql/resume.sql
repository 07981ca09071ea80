-- resume.sql: ends the pause of this session, or of another.
--
--     psql -X -v reason='import of May' -f sql/pause.sql -f import.sql -f sql/resume.sql
--     psql -X -f sql/resume.sql -v pause=17
--
-- pause  the number of the pause, as sql/status.sql shows it; that of this session
--
-- Undo: sql/pause.sql, in the same session.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?pause}
\else
\set pause ''
\endif

select :'pause' = '' as own \gset
\if :own
select rowcast.resume() as resumed \gset
\else
select rowcast.resume(:'pause'::bigint) as resumed \gset
\endif
\if :resumed
\echo Capture goes on.
\else
\echo Capture was not paused: nothing to do.
\endif
