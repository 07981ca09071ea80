-- All suppliers.
select id, name, email, lead_time_days
  from public.suppliers
 where tenant_id = $1
 order by created_at desc, name;
