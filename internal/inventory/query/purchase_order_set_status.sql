-- Moves a purchase order from status $3 to $4, unless somebody else was faster.
update public.purchase_orders
   set status = $4
 where tenant_id = $1
   and id = $2
   and status = $3
returning po_number;
