-- A stock movement of the sku of which there is most.
insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
  select tenant_id, id, 'adjustment', -1, 'damaged' from skus
   where tenant_id = '{tenant}' order by quantity desc limit 1;
