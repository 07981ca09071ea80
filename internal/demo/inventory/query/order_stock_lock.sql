-- Locks the skus of order $2 in the order of their ids, as skus_lock does, and
-- reads how many it wants and how many are left.
select s.sku, i.quantity as wanted, s.quantity as left
  from public.order_items i
  join public.skus s on s.tenant_id = i.tenant_id and s.id = i.sku_id
 where i.tenant_id = $1
   and i.order_id = $2
 order by s.id
   for no key update of s;
