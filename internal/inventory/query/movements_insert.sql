-- Movements of one kind; $2 and $3 are the skus and how many of each.
insert into public.stock_movements
       (tenant_id, sku_id, quantity, movement_type, reason, reference, created_by)
select $1, line.sku_id, line.quantity, $4, $5, $6, $7
  from unnest($2::uuid[], $3::integer[]) as line (sku_id, quantity);
