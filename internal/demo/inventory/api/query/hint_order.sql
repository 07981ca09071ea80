-- An order of one of the sku of which there is most.
with o as (insert into orders (tenant_id, customer, warehouse, total)
    select tenant_id, 'Somebody with psql', warehouse, price from skus
     where tenant_id = '{tenant}' order by quantity desc, id limit 1 returning *)
  insert into order_items (tenant_id, order_id, sku_id, quantity, unit_price)
  select o.tenant_id, o.id, s.id, 1, s.price from o join skus s on s.tenant_id = o.tenant_id
   order by s.quantity desc, s.id limit 1;
