-- One product with its skus.
select p.id, p.name, p.category, p.description, p.supplier_id,
       (select coalesce(json_agg(json_build_object(
                   'id', s.id, 'sku', s.sku, 'name', s.name, 'quantity', s.quantity,
                   'threshold', s.low_stock_threshold, 'price', s.price::text, 'cost', s.cost::text)
                   order by s.sku), '[]')
          from public.skus s
         where s.tenant_id = p.tenant_id
           and s.product_id = p.id) as skus
  from public.products p
 where p.tenant_id = $1
   and p.id = $2;
