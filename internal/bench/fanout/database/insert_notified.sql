-- As insert.sql, for the reference.
insert into rowcast_bench_fanout.notified (tenant_id)
select ($3::text[])[1 + n % cardinality($3::text[])]
from generate_series($1::bigint, $1::bigint + $2::bigint - 1) n
order by n;
