-- simulate_load.sql: writes to a table of its own, public.rowcast_load, to see events flow.
--
--     psql -X -f sql/simulate_load.sql -v tenant=acme -v transactions=500 -v rate=50
--
-- tenant        the tenant whose clients get the events, rowcast-load:created and so on; required
-- transactions  how many; 100, at most 1000000
-- rows          rows that each inserts; 1, at most 10000
-- rate          transactions a second, 0 for as many as can be; 20
--
-- Each transaction inserts; every fifth also updates, every tenth also deletes.
-- It makes the table if need be, and does not work within a transaction.
--
-- Undo: psql -X -f sql/detach.sql -v table=public.rowcast_load -c 'drop table public.rowcast_load'

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
\if :{?transactions}
\else
\set transactions '100'
\endif
\if :{?rows}
\else
\set rows '1'
\endif
\if :{?rate}
\else
\set rate '20'
\endif

select :'transactions'::bigint not between 1 and 1000000 or :'rows'::bigint not between 1 and 10000
       or :'rate'::double precision < 0 as wrong \gset
\if :wrong
do $$ begin raise exception 'transactions are 1 to 1000000, rows are 1 to 10000, and the rate is not negative'; end $$;
\endif

select to_regclass('public.rowcast_load') is null as absent \gset
begin;
set local lock_timeout = '250ms';
select pg_advisory_xact_lock(rowcast.lock_number('migration')) as turn \gset
\if :absent
create table public.rowcast_load (
    id        bigint generated always as identity primary key,
    tenant_id text not null,
    body      text not null,
    at        timestamptz not null default clock_timestamp()
);
\endif
select rowcast.watch('public.rowcast_load', tenant_column => 'tenant_id', name => 'rowcast-load') as watched \gset
commit;

select set_config('application_name', 'simulate_load', false) as application,
       set_config('rowcast.load', json_build_object(
           'tenant', :'tenant', 'transactions', :'transactions'::bigint, 'rows', :'rows'::bigint,
           'rate', :'rate'::double precision)::text, false) as settings,
       clock_timestamp() as began \gset
do $$
declare
    settings constant json := current_setting('rowcast.load');
    owner constant text := settings ->> 'tenant';
    batch constant bigint := (settings ->> 'rows')::bigint;
    rate constant double precision := (settings ->> 'rate')::double precision;
    began constant timestamptz := clock_timestamp();
begin
    for n in 1 .. (settings ->> 'transactions')::bigint loop
        insert into public.rowcast_load (tenant_id, body) select owner, 'transaction ' || n from generate_series(1, batch);
        if n % 5 = 0 then
            update public.rowcast_load l set body = l.body || ', updated'
             where l.id = (select max(m.id) from public.rowcast_load m where m.tenant_id = owner);
        end if;
        if n % 10 = 0 then
            delete from public.rowcast_load l
             where l.id = (select min(m.id) from public.rowcast_load m where m.tenant_id = owner);
        end if;
        commit;
        if rate > 0 then
            perform pg_sleep(extract(epoch from began - clock_timestamp()) + n / rate);
        end if;
    end loop;
end $$;
select :'transactions' as transactions, clock_timestamp() - :'began'::timestamptz as took;
