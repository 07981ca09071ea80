-- Removes closed purchase orders beyond the newest $2, the oldest first and at
-- most 50.
delete from public.purchase_orders
 where id = any (array(
           select id
             from public.purchase_orders
            where tenant_id = $1
              and status in ('received', 'cancelled')
            order by created_at, po_number
            limit least(50, greatest(0, (select count(*)
                                           from public.purchase_orders
                                          where tenant_id = $1
                                            and status in ('received', 'cancelled')) - $2))
              for update skip locked));
