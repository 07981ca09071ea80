-- The lines of a purchase order.
select i.sku_id, s.sku, p.name || ', ' || s.name as name, i.quantity, i.unit_cost::text as cost
  from public.purchase_order_items i
  join public.skus s on s.tenant_id = i.tenant_id and s.id = i.sku_id
  join public.products p on p.tenant_id = s.tenant_id and p.id = s.product_id
 where i.tenant_id = $1
   and i.purchase_order_id = $2
 order by s.sku;
