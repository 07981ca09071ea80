-- One purchase order.
select o.id, o.po_number as number, o.supplier_id, p.name as supplier, o.status, o.total::text as total,
       o.expected_on::text as expected_on, o.created_at, o.updated_at
  from public.purchase_orders o
  join public.suppliers p on p.tenant_id = o.tenant_id and p.id = o.supplier_id
 where o.tenant_id = $1
   and o.id = $2;
