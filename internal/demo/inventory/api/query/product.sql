-- One product with its skus.
-- $3 are the warehouses of a picker. Prices are for everybody else: then it is null.
select p.id, p.name, p.category, p.description, p.supplier_id,
       (select coalesce(json_agg(json_build_object(
                   'id', s.id, 'sku', s.sku, 'name', s.name, 'quantity', s.quantity,
                   'threshold', s.low_stock_threshold, 'warehouse', s.warehouse,
                   'price', case when $3::text[] is null then s.price::text end,
                   'cost', case when $3 is null then s.cost::text end)
                   order by s.sku), '[]')
          from public.skus s
         where s.tenant_id = p.tenant_id
           and s.product_id = p.id
           and ($3 is null or s.warehouse = any ($3))) as skus
  from public.products p
 where p.tenant_id = $1
   and p.id = $2
   and ($3 is null or exists (
         select
           from public.skus s
          where s.tenant_id = p.tenant_id
            and s.product_id = p.id
            and s.warehouse = any ($3)));
