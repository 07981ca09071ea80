-- The oldest orders in a status, if more than $3 of them wait.
select id
  from public.orders
 where tenant_id = $1
   and status = $2
   and $3::bigint < (select count(*)
               from (select
                       from public.orders
                      where tenant_id = $1 and status = $2
                      limit $3::bigint + 1) waiting)
 order by created_at, order_number
 limit 8;
