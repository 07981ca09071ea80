-- Removes closed orders beyond the newest $2, the oldest first and at most 50.
delete from public.orders
 where id = any (array(
           select id
             from public.orders
            where tenant_id = $1
              and status in ('fulfilled', 'cancelled')
            order by created_at, order_number
            limit least(50, greatest(0, (select count(*)
                                           from public.orders
                                          where tenant_id = $1
                                            and status in ('fulfilled', 'cancelled')) - $2))
              for update skip locked));
