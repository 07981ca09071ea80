-- +goose Up

-- Order numbers are unique within a tenant. The default takes them from one
-- sequence, which needs no lock; numbers may have holes.
create sequence public.order_numbers start with 2001;

-- What customers buy.
create table public.orders (
    id           uuid           primary key default gen_random_uuid(),
    tenant_id    uuid           not null references public.tenants (id),
    order_number text           not null default 'SO-' || nextval('public.order_numbers'),
    customer     text           not null,
    status       text           not null default 'pending',
    total        numeric(12, 2) not null default 0,
    created_at   timestamptz    not null default now(),
    updated_at   timestamptz    not null default now(),

    constraint orders_tenant_id_id_key           unique (tenant_id, id),
    constraint orders_tenant_id_order_number_key unique (tenant_id, order_number),
    constraint orders_customer_not_empty         check (customer <> ''),
    constraint orders_status_known
        check (status in ('pending', 'processing', 'fulfilled', 'cancelled')),
    constraint orders_total_not_negative         check (total >= 0)
);

alter sequence public.order_numbers owned by public.orders.order_number;

create index orders_status_idx     on public.orders (tenant_id, status, created_at);
create index orders_created_at_idx on public.orders (tenant_id, created_at);

-- The lines of an order: one a sku, at the price of that day. They go with
-- their order.
create table public.order_items (
    id         uuid           primary key default gen_random_uuid(),
    tenant_id  uuid           not null references public.tenants (id),
    order_id   uuid           not null,
    sku_id     uuid           not null,
    quantity   integer        not null,
    unit_price numeric(12, 2) not null,
    created_at timestamptz    not null default now(),
    updated_at timestamptz    not null default now(),

    constraint order_items_tenant_id_order_id_sku_id_key unique (tenant_id, order_id, sku_id),
    constraint order_items_quantity_positive             check (quantity > 0),
    constraint order_items_unit_price_not_negative       check (unit_price >= 0),
    constraint order_items_order_fkey
        foreign key (tenant_id, order_id) references public.orders (tenant_id, id) on delete cascade,
    constraint order_items_sku_fkey
        foreign key (tenant_id, sku_id) references public.skus (tenant_id, id)
);

create index order_items_sku_idx on public.order_items (tenant_id, sku_id);

create trigger orders_touch
    before update on public.orders
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

create trigger order_items_touch
    before update on public.order_items
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

-- +goose Down

drop table public.order_items;
drop table public.orders;  -- and with it the sequence order_numbers
