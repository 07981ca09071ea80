-- Sets the status of a purchase order that purchase_order_lock holds.
update public.purchase_orders
   set status = $3
 where tenant_id = $1
   and id = $2;
