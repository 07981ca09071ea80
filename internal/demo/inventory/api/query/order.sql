-- One order.
select id, order_number as number, customer, status, total::text as total, created_at, updated_at
  from public.orders
 where tenant_id = $1
   and id = $2;
