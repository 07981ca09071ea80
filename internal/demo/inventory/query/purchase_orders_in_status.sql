-- The oldest purchase orders in a status.
select id
  from public.purchase_orders
 where tenant_id = $1
   and status = $2
 order by created_at, po_number
 limit 8;
