-- The table of the fan-out benchmark. Its rows are about the size of an order.
create schema rowcast_bench_fanout;

create table rowcast_bench_fanout.measured (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    number text not null default 'SO-2026-004711',
    status text not null default 'open',
    total numeric not null default 1299.90,
    note text not null default repeat('x', 60)
);

select rowcast.watch('rowcast_bench_fanout.measured', name => 'measured');
