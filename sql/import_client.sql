-- import_client.sql: imports a CSV file of this machine, with \copy.
--
--     psql -X -f sql/import_client.sql -v table=public.orders <orders.csv
--
-- table    the table, with its schema; required
-- columns  the columns that the file has, separated by commas; all that can be written
-- writer   the application_name that events, and sql/writers.sql, show; import
--
-- An example to start from. It is one transaction and one INSERT, so clients get one
-- <name>:bulk event, or an event a row if they are few. Rows that are there already are
-- left alone, so it can be run again. If clients are not to receive it, run
-- sql/pause.sql before it.
--
-- Undo: the log knows what was inserted; with the transaction that is printed at
-- the end, and the primary key of the table:
--     delete from public.orders o using rowcast.log l, unnest(l.after) a
--      where l.xid = '7391' and l.op = 'i' and o.id::text = a ->> 'id';

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?table}
\else
\set table ''
\endif
select :'table' = '' as missing \gset
\if :missing
do $$ begin raise exception 'which table? Give it with -v table=public.orders'; end $$;
\endif
\if :{?columns}
\else
\set columns ''
\endif
\if :{?writer}
\else
\set writer 'import'
\endif

begin;
select set_config('application_name', :'writer', true) as writer \gset
select case when :'columns' = '' then (
                select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
                  from pg_attribute a
                 where a.attrelid = :'table'::regclass and a.attnum > 0 and not a.attisdropped
                   and a.attgenerated = '' and a.attidentity <> 'a')
            else (
                select string_agg(quote_ident(c), ', ' order by n)
                  from regexp_split_to_table(:'columns', '\s*,\s*') with ordinality u (c, n)) end as column_list \gset
select format('create temporary table imported on commit drop as select %s from %s with no data', :'column_list', :'table'::regclass) \gexec
\copy pg_temp.imported from pstdin with (format csv, header)
select format('insert into %1$s (%2$s) select %2$s from pg_temp.imported on conflict do nothing', :'table'::regclass, :'column_list') as statement \gset
:statement;
\set inserted :ROW_COUNT
select count(*) as read, :inserted as inserted, pg_current_xact_id_if_assigned() as transaction from pg_temp.imported;
commit;
