-- The tables of the fan-out benchmark. Their rows are about the size of an order.
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

-- The same for the reference, with the usual trigger.
create table rowcast_bench_fanout.notified (like rowcast_bench_fanout.measured including all);
create function rowcast_bench_fanout.notify() returns trigger language plpgsql as $$
begin
    perform pg_notify('rowcast_bench_fanout', row_to_json(new)::text);
    return null;
end
$$;
create trigger notify after insert on rowcast_bench_fanout.notified
    for each row execute function rowcast_bench_fanout.notify();
