-- Sets the status of an order that order_lock holds.
update public.orders
   set status = $3
 where tenant_id = $1
   and id = $2;
