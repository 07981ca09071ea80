-- The size of the change log in bytes, with its partitions if it has some.
select coalesce(sum(pg_total_relation_size(l.relation)), 0)::float8
  from (select 'rowcast.log'::regclass as relation
        union
        select t.relid from pg_partition_tree('rowcast.log') t) l
