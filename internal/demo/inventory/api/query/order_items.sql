-- The lines of an order.
-- $3 are the warehouses of a picker. Prices are for everybody else: then it is null.
select i.sku_id, s.sku, p.name || ', ' || s.name as name, i.quantity,
       case when $3::text[] is null then i.unit_price::text end as price
  from public.order_items i
  join public.skus s on s.tenant_id = i.tenant_id and s.id = i.sku_id
  join public.products p on p.tenant_id = s.tenant_id and p.id = s.product_id
 where i.tenant_id = $1
   and i.order_id = $2
 order by s.sku;
