-- How many transactions the database has ended, how often autovacuum has
-- worked, which makes transactions of its own, which sessions belong to servers
-- of Rowcast, and how many to others.
select
    d.xact_commit + d.xact_rollback,
    (
        select coalesce(sum(t.autovacuum_count + t.autoanalyze_count), 0)::bigint
        from pg_stat_all_tables t
    ),
    coalesce((
        select array_agg(a.pid order by a.pid)
        from pg_stat_activity a
        where a.datname = current_database() and a.application_name like 'rowcast %'
          and a.application_name <> 'rowcast-bench'
    ), '{}'),
    (
        select count(*)
        from pg_stat_activity a
        where a.datname = current_database() and a.backend_type = 'client backend'
          and a.application_name not like 'rowcast%'
    )
from pg_stat_database d
where d.datname = current_database();
