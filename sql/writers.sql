-- writers.sql: shows who wrote what, by application_name.
--
--     psql -X -f sql/writers.sql -v since='15 minutes'
--
-- since  how far to look back; 1 hour
--
-- It knows what the log has: no pauses, and nothing that was pruned.
--
-- Undo: nothing to undo; it reads.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?since}
\else
\set since '1 hour'
\endif

select l.writer, w.relation::regclass as "table",
       case l.op when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete' when 't' then 'truncate' when 'r' then 'replay' when 'o' then 'unordered' end as op,
       count(distinct l.xid) as transactions, sum(l.rows) as rows,
       count(distinct l.tenant) as tenants, min(l.at) as first, max(l.at) as last
  from rowcast.log l join rowcast.watched w on w.id = l.watched
 where l.at > clock_timestamp() - :'since'::interval
 group by l.writer, w.relation, l.op
 order by rows desc, l.writer, "table", op;
