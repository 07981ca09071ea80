-- Keeps others from changing a purchase order.
select po_number, status
  from public.purchase_orders
 where tenant_id = $1
   and id = $2
   for no key update;
