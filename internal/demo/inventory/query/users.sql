-- The people of a tenant, owners first.
select id, name, role, email, warehouses
  from public.users
 where tenant_id = $1
 order by array_position(array['owner', 'manager', 'clerk', 'picker', 'viewer'], role), email;
