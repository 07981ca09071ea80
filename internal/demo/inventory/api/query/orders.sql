-- The newest orders, of those with one of the statuses $2 unless that is null.
select o.id, o.order_number as number, o.customer, o.status, o.total::text as total,
       o.created_at, o.updated_at,
       (select count(*)
          from public.order_items i
         where i.tenant_id = o.tenant_id
           and i.order_id = o.id) as items
  from public.orders o
 where o.tenant_id = $1
   and ($2::text[] is null or o.status = any ($2))
 order by o.created_at desc, o.order_number desc
 limit $3;
