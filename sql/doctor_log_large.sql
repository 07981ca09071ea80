-- How much the log takes, against $1 bytes.
select case when z.bytes > $1::bigint then 'warn' else 'ok' end,
       format('%s in %s segments, %s %% of the database', pg_size_pretty(z.bytes), z.segments,
              round(100.0 * z.bytes / greatest(pg_database_size(current_database()), 1), 1)),
       null
  from (select sum(pg_total_relation_size(i.inhrelid)) + pg_total_relation_size('rowcast.sealed') + pg_total_relation_size('rowcast.seal') as bytes,
               count(*) as segments
          from pg_inherits i where i.inhparent = 'rowcast.log'::regclass) z
