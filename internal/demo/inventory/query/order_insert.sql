-- A new order; $3 and $4 are the skus and how many of each. It is packed in the main
-- warehouse if anything of it lies there.
insert into public.orders (tenant_id, customer, warehouse, total)
select $1, $2, max(s.warehouse), sum(s.price * line.quantity)
  from unnest($3::uuid[], $4::integer[]) as line (sku_id, quantity)
  join public.skus s on s.tenant_id = $1 and s.id = line.sku_id
returning id;
