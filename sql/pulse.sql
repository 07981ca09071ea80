-- How the feed is, as one row. It has the id, how many committed log rows have no
-- sequence yet, and the age of the oldest in seconds. It has how many tenants are
-- known, the size of the log in bytes, and when the oldest change that is kept was
-- sealed, null if there is none. The last figure is how many sequences are older than
-- the retention $1, which a pruning would forget.
select f.id, u.count, coalesce(extract(epoch from u.age), 0)::float8,
       (select count(*) from rowcast.tenant),
       (select sum(pg_total_relation_size(i.inhrelid)) from pg_inherits i where i.inhparent = 'rowcast.log'::regclass)::bigint
           + pg_total_relation_size('rowcast.sealed') + pg_total_relation_size('rowcast.seal'),
       (select s.sealed_at from rowcast.seal s where s.seal > 0 order by s.seal limit 1),
       coalesce((select max(s.place) from rowcast.seal s
                  where s.sealed_at < clock_timestamp() - $1::interval and s.seal < (select max(h.seal) from rowcast.seal h))
                - (select min(p.place) - 1 from rowcast.sealed p), 0)
  from rowcast.feed f,
       (select count(*), clock_timestamp() - min(l.at) as age from rowcast.unsealed() l) u
