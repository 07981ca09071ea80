-- prune.sql: forgets changes that are older than a retention, now.
--
--     psql -X -f sql/prune.sql -v retention='3 days'
--
-- retention  how long changes are kept; required
--
-- Servers do it by themselves, with ROWCAST_RETENTION. Clients that were away for
-- longer have to reload. It works in short transactions, and not within one.
--
-- Undo: nothing; what is forgotten is gone.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?retention}
\else
\set retention ''
\endif
select :'retention' = '' as missing \gset
\if :missing
do $$ begin raise exception 'how long are changes kept? Give it with -v retention=''3 days'''; end $$;
\endif

select :'retention'::interval < '0'::interval as wrong \gset
\if :wrong
do $$ begin raise exception 'the retention cannot be negative'; end $$;
\endif

begin;
set local client_min_messages = warning;
select rowcast.rotate(:'retention'::interval / 8, 1073741824) as rotated,
       set_config('rowcast.retention', :'retention', false) as retention \gset
commit;
do $$
declare
    pruned bigint;
begin
    loop
        pruned := rowcast.prune(current_setting('rowcast.retention')::interval);
        commit;
        exit when pruned = 0;
    end loop;
end $$;
select rowcast.empty_segments() as emptied \gset

select (select count(*) from rowcast.sealed) as log_rows_kept,
       (select min(e.sealed_at) from rowcast.seal e) as oldest,
       (select pg_size_pretty(sum(pg_total_relation_size(i.inhrelid)))
          from pg_inherits i where i.inhparent = 'rowcast.log'::regclass) as log_size;
