-- +goose Up

-- Where goods are. A sku lies in one warehouse, and an order is packed in one. Each has a
-- column of its own, since who may see a row is decided by the row alone.
alter table public.skus
    add column warehouse text not null default 'main',
    add constraint skus_warehouse_not_empty check (warehouse <> '');

alter table public.orders
    add column warehouse text not null default 'main',
    add constraint orders_warehouse_not_empty check (warehouse <> '');

-- A picker packs the orders of some warehouses, and is not to know what they cost.
alter table public.users
    add column warehouses text[] not null default '{}',
    drop constraint users_role_known,
    add constraint users_role_known check (role in ('owner', 'manager', 'clerk', 'picker', 'viewer'));

-- +goose Down

alter table public.users
    drop column warehouses,
    drop constraint users_role_known,
    add constraint users_role_known check (role in ('owner', 'manager', 'clerk', 'viewer'));
alter table public.orders drop column warehouse;
alter table public.skus drop column warehouse;
