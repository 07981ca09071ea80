-- attach.sql: has the changes of a table captured, from now on.
--
--     psql -X -f sql/attach.sql -v table=public.invoices -v tenant_column=account_id
--
-- table          the table, with its schema; required
-- tenant_column  the column that holds the tenant; tenant_id, or as it was
-- name           stem of the event names; made of the name of the table, or as it was
-- exclude        columns that clients are not to see, separated by commas; none, or as it was
-- audience       the column that says for whom a row is; none, or as it was
-- readable       yes: clients that begin get rows of it, with GET /rows; no, or as it was
-- lock_timeout   how long to wait for the table, while writers wait behind; 250ms
--
-- Undo: sql/detach.sql. If it could not have the table in time, nothing was done:
-- run it again.

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
\if :{?tenant_column}
\else
\set tenant_column ''
\endif
\if :{?name}
\else
\set name ''
\endif
\if :{?exclude}
\else
\set exclude ''
\endif
\if :{?audience}
\else
\set audience ''
\endif
\if :{?readable}
\else
\set readable ''
\endif
\if :{?lock_timeout}
\else
\set lock_timeout '250ms'
\endif

begin;
set local lock_timeout = :'lock_timeout';
-- Those who change triggers take turns.
select pg_advisory_xact_lock(rowcast.lock_number('migration')) as turn \gset
select rowcast.watch(
    :'table'::regclass, tenant_column => nullif(:'tenant_column', ''), name => nullif(:'name', ''),
    exclude => case when :'exclude' <> '' then regexp_split_to_array(:'exclude', '\s*,\s*') end, audience => nullif(:'audience', ''),
    readable => nullif(:'readable', '')::boolean) as watched \gset
commit;

select w.relation::regclass as "table", w.name as events, w.tenant_column, array_to_string(w.exclude, ', ') as excluded, w.readable,
       coalesce((select d.detail from rowcast.trigger_drift() d where d.watched = w.id), 'captured') as state
  from rowcast.watched w
 where w.id = :watched;
