-- The newest movements of a product.
select m.id, m.sku_id, s.sku, p.name || ', ' || s.name as name, m.movement_type, m.quantity,
       m.reason, m.reference, m.created_at
  from public.products p
  join public.skus s on s.tenant_id = p.tenant_id and s.product_id = p.id
  join public.stock_movements m on m.tenant_id = s.tenant_id and m.sku_id = s.id
 where p.tenant_id = $1
   and p.id = $2
 order by m.created_at desc, m.id desc
 limit $3;
