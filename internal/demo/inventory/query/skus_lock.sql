-- Locks skus in the order of their ids, as the trigger of stock_movements does,
-- and reads what is left of them.
select id, sku, quantity as left
  from public.skus
 where tenant_id = $1
   and id = any ($2::uuid[])
 order by id
   for no key update;
