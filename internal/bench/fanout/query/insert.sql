-- Makes $1 changes of the tenant $2.
insert into rowcast_bench_fanout.measured (tenant_id)
select $2::text from generate_series(1, $1::bigint);
