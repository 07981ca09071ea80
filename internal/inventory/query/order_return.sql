-- Puts the goods of order $2 back on the shelf.
insert into public.stock_movements
       (tenant_id, sku_id, quantity, movement_type, reason, reference, created_by)
select i.tenant_id, i.sku_id, i.quantity, 'return', 'order cancelled', $3, $4
  from public.order_items i
 where i.tenant_id = $1
   and i.order_id = $2;
