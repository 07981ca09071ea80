-- One supplier.
select id, name, email, lead_time_days
  from public.suppliers
 where tenant_id = $1
   and id = $2;
