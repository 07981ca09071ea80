-- One tenant, for the two arguments that every statement for one thing takes.
select id, slug, name
  from public.tenants
 where id = $1::uuid
   and id = $2::uuid;
