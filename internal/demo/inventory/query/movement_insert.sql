-- An adjustment of one sku.
insert into public.stock_movements
       (tenant_id, sku_id, quantity, movement_type, reason, created_by)
values ($1, $2, $3, 'adjustment', $4, $5)
returning id;
