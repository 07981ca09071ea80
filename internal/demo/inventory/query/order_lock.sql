-- Keeps others from changing an order.
select order_number, status
  from public.orders
 where tenant_id = $1
   and id = $2
   for no key update;
