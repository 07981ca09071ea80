-- Takes the goods of order $2 off the shelf.
insert into public.stock_movements
       (tenant_id, sku_id, quantity, movement_type, reason, reference, created_by)
select i.tenant_id, i.sku_id, -i.quantity, 'sale', 'customer order', $3, $4
  from public.order_items i
 where i.tenant_id = $1
   and i.order_id = $2;
