-- One movement.
select m.id, m.sku_id, s.sku, p.name || ', ' || s.name as name, m.movement_type, m.quantity,
       m.reason, m.reference, m.created_at
  from public.stock_movements m
  join public.skus s on s.tenant_id = m.tenant_id and s.id = m.sku_id
  join public.products p on p.tenant_id = s.tenant_id and p.id = s.product_id
 where m.tenant_id = $1
   and m.id = $2;
