-- The newest orders, of those with one of the statuses $2 unless that is null. They are of
-- warehouse $5 unless that is empty.
-- $4 are the warehouses of a picker. Prices are for everybody else: then it is null.
select o.id, o.order_number as number, o.customer, o.status, o.warehouse,
       case when $4::text[] is null then o.total::text end as total, o.created_at, o.updated_at,
       (select count(*)
          from public.order_items i
         where i.tenant_id = o.tenant_id
           and i.order_id = o.id) as items
  from public.orders o
 where o.tenant_id = $1
   and ($2::text[] is null or o.status = any ($2))
   and ($4 is null or o.warehouse = any ($4))
   and ($5 = '' or o.warehouse = $5)
 order by o.created_at desc, o.order_number desc
 limit $3;
