-- The sizes of the change log, all segments, and of a table, in bytes.
select
    (
        select coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::float8
        from pg_inherits i
        where i.inhparent = 'rowcast.log'::regclass
    ),
    pg_relation_size('rowcast_bench.{table}'::regclass)::float8;
