-- Skus that have run low and are on no open purchase order.
select s.id, p.supplier_id, s.low_stock_threshold - s.quantity as missing
  from public.skus s
  join public.products p on p.tenant_id = s.tenant_id and p.id = s.product_id
 where s.tenant_id = $1
   and s.quantity <= s.low_stock_threshold
   and not exists (select
                     from public.purchase_order_items i
                     join public.purchase_orders o
                       on o.tenant_id = i.tenant_id and o.id = i.purchase_order_id
                    where i.tenant_id = s.tenant_id
                      and i.sku_id = s.id
                      and o.status in ('draft', 'sent', 'confirmed'))
 order by s.sku;
