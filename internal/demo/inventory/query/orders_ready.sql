-- The oldest orders in process of which everything is in stock, if more than $2
-- are in process.
select o.id
  from public.orders o
 where o.tenant_id = $1
   and o.status = 'processing'
   and $2::bigint < (select count(*)
               from (select
                       from public.orders
                      where tenant_id = $1 and status = 'processing'
                      limit $2::bigint + 1) waiting)
   and not exists (select
                     from public.order_items i
                     join public.skus s on s.tenant_id = i.tenant_id and s.id = i.sku_id
                    where i.tenant_id = o.tenant_id
                      and i.order_id = o.id
                      and i.quantity > s.quantity)
 order by o.created_at, o.order_number
 limit 8;
