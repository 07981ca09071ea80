-- replay.sql: sends a range of positions to their tenant again.
--
--     psql -X -f sql/replay.sql -v tenant=acme -v first=1200 -v last=1299
--
-- tenant     the tenant; required
-- first      the first position; required
-- last       the last position; required
-- max_rows   most positions to send; 10000
-- max_bytes  most bytes of rows to send; 67108864
--
-- The rows are sent as they were then, as <name>:replayed events at new
-- positions: nothing that clients have received is touched. Deletes, truncates and earlier replays have no row
-- and are left out. Run twice, it sends them twice.
--
-- Undo: nothing; what clients have received cannot be taken back.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?tenant}
\else
\set tenant ''
\endif
select :'tenant' = '' as missing \gset
\if :missing
do $$ begin raise exception 'which tenant? Give it with -v tenant=acme'; end $$;
\endif
\if :{?first}
\else
\set first ''
\endif
select :'first' = '' as missing \gset
\if :missing
do $$ begin raise exception 'from which position? Give it with -v first=1200'; end $$;
\endif
\if :{?last}
\else
\set last ''
\endif
select :'last' = '' as missing \gset
\if :missing
do $$ begin raise exception 'up to which position? Give it with -v last=1299'; end $$;
\endif
\if :{?max_rows}
\else
\set max_rows '10000'
\endif
\if :{?max_bytes}
\else
\set max_bytes '67108864'
\endif

select r.rows as replayed, r.bytes, r.left_out
  from rowcast.replay(:'tenant', :'first'::bigint, :'last'::bigint, :'max_rows'::bigint, :'max_bytes'::bigint) r;
