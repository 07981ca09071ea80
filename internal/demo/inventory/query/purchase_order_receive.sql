-- Puts the goods of purchase order $2 into stock.
insert into public.stock_movements
       (tenant_id, sku_id, quantity, movement_type, reason, reference, created_by)
select i.tenant_id, i.sku_id, i.quantity, 'purchase', 'goods received', $3, $4
  from public.purchase_order_items i
 where i.tenant_id = $1
   and i.purchase_order_id = $2;
