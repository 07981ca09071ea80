-- +goose Up

-- The stock ledger. quantity is signed: goods that leave are negative. A wrong
-- movement is corrected by another one, never by update or delete, so that the
-- movements of a sku always add up to its quantity.
create table public.stock_movements (
    id            uuid        primary key default gen_random_uuid(),
    tenant_id     uuid        not null references public.tenants (id),
    sku_id        uuid        not null,
    movement_type text        not null,
    quantity      integer     not null,
    reason        text        not null default '',
    reference     text        not null default '',  -- an order_number or po_number, if there is one
    created_by    uuid,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),

    constraint stock_movements_movement_type_known
        check (movement_type in ('purchase', 'sale', 'adjustment', 'return', 'transfer')),
    constraint stock_movements_quantity_not_zero
        check (quantity <> 0),
    constraint stock_movements_quantity_sign
        check (case movement_type
                   when 'purchase' then quantity > 0
                   when 'sale'     then quantity < 0
                   else true
               end),
    constraint stock_movements_sku_fkey
        foreign key (tenant_id, sku_id) references public.skus (tenant_id, id),
    constraint stock_movements_created_by_fkey
        foreign key (tenant_id, created_by) references public.users (tenant_id, id)
);

create index stock_movements_sku_idx        on public.stock_movements (tenant_id, sku_id, created_at);
create index stock_movements_created_by_idx on public.stock_movements (tenant_id, created_by);
create index stock_movements_created_at_idx on public.stock_movements (tenant_id, created_at);

-- Adds the movements of one statement to their skus. It locks the skus in the
-- order of their ids before it changes the first, so two statements that move
-- the same skus wait for each other and never deadlock. The lock is the one
-- that update itself takes, which the foreign key checks of others do not wait
-- for. A transaction that moves several skus should do so in one statement.
-- +goose StatementBegin
create function public.apply_stock_movements() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform 1
       from public.skus s
      where (s.tenant_id, s.id) in (select m.tenant_id, m.sku_id from inserted m)
      order by s.id
        for no key update;

    update public.skus s
       set quantity = s.quantity + m.quantity
      from (select tenant_id, sku_id, sum(quantity) as quantity
              from inserted
             group by tenant_id, sku_id
            having sum(quantity) <> 0) m
     where s.tenant_id = m.tenant_id
       and s.id = m.sku_id;

    return null;
end
$$;
-- +goose StatementEnd

-- Triggers fire in the order of their names: this one sorts after those that
-- capture changes (rowcast...), so a movement is recorded before its effect.
create trigger stock_movements_apply
    after insert on public.stock_movements
    referencing new table as inserted
    for each statement
    execute function public.apply_stock_movements();

create trigger stock_movements_touch
    before update on public.stock_movements
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

-- +goose Down

drop table public.stock_movements;
drop function public.apply_stock_movements();
