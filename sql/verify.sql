-- verify.sql: compares the log with the tables, and ends with an error if they differ.
--
--     psql -X -f sql/verify.sql -v table=public.orders -v tenant=acme
--
-- table     the table, with its schema; every watched table
-- tenant    the tenant; every tenant
-- examples  how many differences to name for each table and tenant; 10
--
-- For each row that the log knows about, its newest change is compared with the
-- table. unknown counts the rows that the log says nothing about: they were last
-- changed before it begins, or while nobody watched. Nothing is known of them.
-- Differences come of triggers that were disabled, of pauses, of columns that
-- were given another type since, and of rows that pg_restore wrote. It reads
-- the log and the tables whole, in one snapshot for each table.
--
-- Undo: nothing to undo; it reads.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?table}
\else
\set table ''
\endif
\if :{?tenant}
\else
\set tenant ''
\endif
\if :{?examples}
\else
\set examples '10'
\endif

begin;
create temporary table rowcast_verified on commit drop as
select c.oid::regclass as "table", v.*
  from rowcast.watched w
  join pg_class c on c.oid = w.relation
 cross join lateral rowcast.verify(w.relation, nullif(:'tenant', ''), :'examples'::integer) v
 where w.active and (:'table' = '' or w.relation = nullif(:'table', '')::regclass)
 order by 1, 2;
select :'table' <> '' and not exists (
    select from rowcast.watched w where w.active and w.relation = nullif(:'table', '')::regclass) as unwatched \gset
\if :unwatched
do $$ begin raise exception 'the table is not attached, so the log knows nothing of it; see sql/attach.sql'; end $$;
\endif

select v."table", v.tenant, v.log_rows, v.table_rows, v.log_fingerprint, v.table_fingerprint, v.different, v.unknown
  from pg_temp.rowcast_verified v;
select coalesce(sum(v.different), 0) > 0 as differs from pg_temp.rowcast_verified v \gset
\if :differs
select v."table", v.tenant, e.key_and_difference
  from pg_temp.rowcast_verified v cross join lateral unnest(v.differences) e (key_and_difference);
select p.id as pause, p.role, p.application, p.reason, p.begun_at, p.ended_at
  from rowcast.pauses() p
 where p.ended_at is null or p.ended_at > (select min(s.opened_at) from rowcast.segment s);
do $$ begin raise exception 'the log and the tables differ'; end $$;
\endif
commit;
