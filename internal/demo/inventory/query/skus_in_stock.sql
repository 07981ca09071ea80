-- What a customer of a tenant can choose from.
select id
  from public.skus
 where tenant_id = $1
   and quantity > 0
 order by sku;
