-- All tenants.
select id, slug, name
  from public.tenants
 order by name;
