-- The tables of the latency benchmark. Both hold rows of about the size of an
-- order. due is the intended time of the commit, in nanoseconds since the run
-- began; it is the stamp that the clients measure from.
create schema rowcast_bench_latency;

create table rowcast_bench_latency.measured (
    id bigint primary key,
    tenant_id text not null,
    due bigint not null,
    number text not null default 'SO-2026-004711',
    status text not null default 'open',
    total numeric not null default 1299.90,
    note text not null default repeat('x', 60)
);

create table rowcast_bench_latency.notified (
    like rowcast_bench_latency.measured including all
);

-- The usual way: the row itself is the payload.
create function rowcast_bench_latency.notify_row() returns trigger
language plpgsql as $$
begin
    perform pg_notify('rowcast_bench_latency', row_to_json(new)::text);
    return null;
end $$;

create trigger notify_row after insert on rowcast_bench_latency.notified
for each row execute function rowcast_bench_latency.notify_row();

select rowcast.watch('rowcast_bench_latency.measured', name => 'measured');
