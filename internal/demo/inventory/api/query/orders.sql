-- The newest orders.
select o.id, o.order_number as number, o.customer, o.status, o.total::text as total,
       o.created_at, o.updated_at,
       (select count(*)
          from public.order_items i
         where i.tenant_id = o.tenant_id
           and i.order_id = o.id) as items
  from public.orders o
 where o.tenant_id = $1
 order by o.created_at desc, o.order_number desc
 limit $2;
