-- The size of the change log in bytes, all segments.
select coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::float8
  from pg_inherits i
 where i.inhparent = 'rowcast.log'::regclass
