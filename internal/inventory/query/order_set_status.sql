-- Moves an order from status $3 to $4, unless somebody else was faster.
update public.orders
   set status = $4
 where tenant_id = $1
   and id = $2
   and status = $3
returning order_number;
