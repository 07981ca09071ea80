-- Whether the server works with more rights than it needs.
select case when r.rolsuper then 'warn' else 'ok' end,
       format('role %s is %s', r.rolname, case when r.rolsuper then 'a superuser' else 'no superuser' end),
       null
  from pg_roles r where r.rolname = current_user
