-- Shaped as the orders of the reference inventory schema. No vacuum at random
-- times: the table is emptied before each measurement.
create table rowcast_bench.{table} (
    id           uuid           primary key default gen_random_uuid(),
    tenant_id    uuid           not null references rowcast_bench.tenants (id),
    order_number text           not null default 'SO-' || nextval('rowcast_bench.order_numbers'),
    customer     text           not null,
    status       text           not null default 'pending',
    total        numeric(12, 2) not null default 0,
    created_at   timestamptz    not null default now(),
    updated_at   timestamptz    not null default now(),

    unique (tenant_id, id),
    unique (tenant_id, order_number),
    check (customer <> ''),
    check (status in ('pending', 'processing', 'fulfilled', 'cancelled')),
    check (total >= 0)
) with (autovacuum_enabled = false);

create index on rowcast_bench.{table} (tenant_id, status, created_at);
create index on rowcast_bench.{table} (tenant_id, created_at);
