-- Prepared transactions older than $1, which no session holds any more.
select case when count(*) = 0 then 'ok' else 'warn' end,
       case when count(*) = 0 then 'no prepared transaction is older than ' || $1::interval
            else format('%s prepared, the oldest %L since %s in database %s', count(*), min(p.gid), min(p.prepared), min(p.database)) end,
       string_agg(format('rollback prepared %L', p.gid), '; ' order by p.prepared)
  from pg_prepared_xacts p where p.prepared < clock_timestamp() - $1::interval
