-- One order.
-- $3 are the warehouses of a picker. Prices are for everybody else: then it is null.
select id, order_number as number, customer, status, warehouse,
       case when $3::text[] is null then total::text end as total, created_at, updated_at
  from public.orders
 where tenant_id = $1
   and id = $2
   and ($3 is null or warehouse = any ($3));
