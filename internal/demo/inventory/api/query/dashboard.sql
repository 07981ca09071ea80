-- How the business of a tenant is going. Days begin at midnight, UTC.
-- $2 are the warehouses of a picker. Prices are for everybody else: then it is null.
select (select coalesce(sum(s.quantity * s.cost), 0)::numeric(20, 2)::text
          from public.skus s
         where s.tenant_id = $1
        having $2::text[] is null) as inventory_value,
       (select count(*)
          from public.orders o
         where o.tenant_id = $1
           and ($2 is null or o.warehouse = any ($2))
           and o.status in ('pending', 'processing')) as open_orders,
       (select count(*)
          from public.skus s
         where s.tenant_id = $1
           and ($2 is null or s.warehouse = any ($2))
           and s.quantity <= s.low_stock_threshold) as low_stock,
       (select count(*)
          from public.stock_movements m
         where m.tenant_id = $1
           and m.created_at >= date_trunc('day', now(), 'UTC')
        having $2 is null) as movements_today;
