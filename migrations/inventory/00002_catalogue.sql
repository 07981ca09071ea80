-- +goose Up

-- Where the goods come from.
create table public.suppliers (
    id             uuid        primary key default gen_random_uuid(),
    tenant_id      uuid        not null references public.tenants (id),
    name           text        not null,
    email          text        not null default '',
    lead_time_days integer     not null default 7,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),

    constraint suppliers_tenant_id_id_key            unique (tenant_id, id),
    constraint suppliers_tenant_id_name_key          unique (tenant_id, name),
    constraint suppliers_name_not_empty              check (name <> ''),
    constraint suppliers_lead_time_days_not_negative check (lead_time_days >= 0)
);

-- What is sold. Stock is kept per sku, not per product.
create table public.products (
    id          uuid        primary key default gen_random_uuid(),
    tenant_id   uuid        not null references public.tenants (id),
    supplier_id uuid        not null,
    name        text        not null,
    category    text        not null default '',
    description text        not null default '',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),

    constraint products_tenant_id_id_key   unique (tenant_id, id),
    constraint products_tenant_id_name_key unique (tenant_id, name),
    constraint products_name_not_empty     check (name <> ''),
    constraint products_supplier_fkey
        foreign key (tenant_id, supplier_id) references public.suppliers (tenant_id, id)
);

create index products_supplier_idx on public.products (tenant_id, supplier_id);

-- A variant of a product that can be counted, bought and sold. quantity is the
-- stock on hand; stock movements change it.
create table public.skus (
    id                  uuid           primary key default gen_random_uuid(),
    tenant_id           uuid           not null references public.tenants (id),
    product_id          uuid           not null,
    sku                 text           not null,
    name                text           not null,
    quantity            integer        not null default 0,
    low_stock_threshold integer        not null default 10,
    price               numeric(12, 2) not null,
    cost                numeric(12, 2) not null,
    created_at          timestamptz    not null default now(),
    updated_at          timestamptz    not null default now(),

    constraint skus_tenant_id_id_key                unique (tenant_id, id),
    constraint skus_tenant_id_sku_key               unique (tenant_id, sku),
    constraint skus_sku_not_empty                   check (sku <> ''),
    constraint skus_quantity_not_negative           check (quantity >= 0),
    constraint skus_low_stock_threshold_not_negative check (low_stock_threshold >= 0),
    constraint skus_price_not_negative              check (price >= 0),
    constraint skus_cost_not_negative               check (cost >= 0),
    constraint skus_product_fkey
        foreign key (tenant_id, product_id) references public.products (tenant_id, id)
);

create index skus_product_idx on public.skus (tenant_id, product_id);

create trigger suppliers_touch
    before update on public.suppliers
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

create trigger products_touch
    before update on public.products
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

create trigger skus_touch
    before update on public.skus
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

-- +goose Down

drop table public.skus;
drop table public.products;
drop table public.suppliers;
