-- The lines of a new purchase order at today's cost.
insert into public.purchase_order_items
       (tenant_id, purchase_order_id, sku_id, quantity, unit_cost)
select s.tenant_id, $2, s.id, line.quantity, s.cost
  from unnest($3::uuid[], $4::integer[]) as line (sku_id, quantity)
  join public.skus s on s.tenant_id = $1 and s.id = line.sku_id
 order by s.sku;
