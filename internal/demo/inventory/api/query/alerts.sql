-- What has run low, the farthest below its threshold first.
-- $2 are the warehouses of a picker. Prices are for everybody else: then it is null.
select s.id as sku_id, s.sku, p.name || ', ' || s.name as name, s.quantity,
       s.low_stock_threshold as threshold
  from public.skus s
  join public.products p on p.tenant_id = s.tenant_id and p.id = s.product_id
 where s.tenant_id = $1
   and ($2::text[] is null or s.warehouse = any ($2))
   and s.quantity <= s.low_stock_threshold
 order by s.quantity - s.low_stock_threshold, s.sku
 limit 100;
