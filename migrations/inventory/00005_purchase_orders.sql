-- +goose Up

-- Purchase order numbers, as order_numbers.
create sequence public.po_numbers start with 601;

-- What the tenant buys from its suppliers.
create table public.purchase_orders (
    id          uuid           primary key default gen_random_uuid(),
    tenant_id   uuid           not null references public.tenants (id),
    po_number   text           not null default 'PO-' || nextval('public.po_numbers'),
    supplier_id uuid           not null,
    status      text           not null default 'draft',
    total       numeric(12, 2) not null default 0,
    expected_on date,
    created_at  timestamptz    not null default now(),
    updated_at  timestamptz    not null default now(),

    constraint purchase_orders_tenant_id_id_key        unique (tenant_id, id),
    constraint purchase_orders_tenant_id_po_number_key unique (tenant_id, po_number),
    constraint purchase_orders_status_known
        check (status in ('draft', 'sent', 'confirmed', 'received', 'cancelled')),
    constraint purchase_orders_total_not_negative      check (total >= 0),
    constraint purchase_orders_supplier_fkey
        foreign key (tenant_id, supplier_id) references public.suppliers (tenant_id, id)
);

alter sequence public.po_numbers owned by public.purchase_orders.po_number;

create index purchase_orders_supplier_idx   on public.purchase_orders (tenant_id, supplier_id);
create index purchase_orders_status_idx     on public.purchase_orders (tenant_id, status, created_at);
create index purchase_orders_created_at_idx on public.purchase_orders (tenant_id, created_at);

-- The lines of a purchase order: one a sku, at the agreed cost. They go with
-- their purchase order.
create table public.purchase_order_items (
    id                uuid           primary key default gen_random_uuid(),
    tenant_id         uuid           not null references public.tenants (id),
    purchase_order_id uuid           not null,
    sku_id            uuid           not null,
    quantity          integer        not null,
    unit_cost         numeric(12, 2) not null,
    created_at        timestamptz    not null default now(),
    updated_at        timestamptz    not null default now(),

    constraint purchase_order_items_tenant_id_purchase_order_id_sku_id_key
        unique (tenant_id, purchase_order_id, sku_id),
    constraint purchase_order_items_quantity_positive      check (quantity > 0),
    constraint purchase_order_items_unit_cost_not_negative check (unit_cost >= 0),
    constraint purchase_order_items_purchase_order_fkey
        foreign key (tenant_id, purchase_order_id)
        references public.purchase_orders (tenant_id, id) on delete cascade,
    constraint purchase_order_items_sku_fkey
        foreign key (tenant_id, sku_id) references public.skus (tenant_id, id)
);

create index purchase_order_items_sku_idx on public.purchase_order_items (tenant_id, sku_id);

create trigger purchase_orders_touch
    before update on public.purchase_orders
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

create trigger purchase_order_items_touch
    before update on public.purchase_order_items
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

-- +goose Down

drop table public.purchase_order_items;
drop table public.purchase_orders;  -- and with it the sequence po_numbers
