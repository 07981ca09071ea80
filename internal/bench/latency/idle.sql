-- How many transactions the database has ended, and which sessions belong to
-- servers of Rowcast.
select
    d.xact_commit + d.xact_rollback,
    coalesce((
        select array_agg(a.pid order by a.pid)
        from pg_stat_activity a
        where a.datname = current_database() and a.application_name like 'rowcast %'
          and a.application_name <> 'rowcast bench'
    ), '{}')
from pg_stat_database d
where d.datname = current_database();
