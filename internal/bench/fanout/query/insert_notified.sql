-- As insert.sql, for the reference.
insert into rowcast_bench_fanout.notified (tenant_id)
select $2::text from generate_series(1, $1::bigint);
