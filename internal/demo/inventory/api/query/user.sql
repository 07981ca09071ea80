-- One of the people of a tenant.
select id, name, email, role, warehouses
  from public.users
 where tenant_id = $1
   and id = $2;
