-- The tables that are opened for clients that begin, and whose rows a server cannot read:
-- a right is missing, as for a column that was added since, or row security hides rows, or
-- would be passed by. The roles are those that servers run as, or this one if there are none.
with roles (role) as (
    select r from rowcast.service_roles() r
     union
    select current_user::regrole where not exists (select from rowcast.service_roles())
), opened as (
    select w.id, rowcast.relation_of(w.id)::regclass::text as table_name from rowcast.watched w where w.active and w.readable
), found as (
    select distinct o.table_name, rowcast.why_not_readable(o.id, r.role) as why from opened o cross join roles r
)
select case when count(f.why) = 0 then 'ok' else 'fail' end,
       case when count(f.why) = 0 then format('%s tables are opened, and servers can read all of them', (select count(*) from opened))
            else string_agg(distinct f.table_name || ' is opened for clients that begin, and a server cannot read its rows', '; ') filter (where f.why is not null) end,
       string_agg(f.why, '; ' order by f.why)
  from found f
