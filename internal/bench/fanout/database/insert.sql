-- Makes the changes $1 to $1 + $2 - 1; change n is one of tenant n modulo their
-- number, $3.
insert into rowcast_bench_fanout.measured (tenant_id)
select ($3::text[])[1 + n % cardinality($3::text[])]
from generate_series($1::bigint, $1::bigint + $2::bigint - 1) n
order by n;
