-- A new purchase order to supplier $2; $3 and $4 are the skus and how many of
-- each.
insert into public.purchase_orders (tenant_id, supplier_id, total, expected_on)
select p.tenant_id,
       p.id,
       (select sum(s.cost * line.quantity)
          from unnest($3::uuid[], $4::integer[]) as line (sku_id, quantity)
          join public.skus s on s.tenant_id = $1 and s.id = line.sku_id),
       current_date + p.lead_time_days
  from public.suppliers p
 where p.tenant_id = $1
   and p.id = $2
returning id;
