-- The lines of a new order at today's price.
insert into public.order_items (tenant_id, order_id, sku_id, quantity, unit_price)
select s.tenant_id, $2, s.id, line.quantity, s.price
  from unnest($3::uuid[], $4::integer[]) as line (sku_id, quantity)
  join public.skus s on s.tenant_id = $1 and s.id = line.sku_id
 order by s.sku;
