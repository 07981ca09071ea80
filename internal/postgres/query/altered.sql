-- The tables of schema rowcast that are not as they were installed, as a list.
select coalesce(pg_catalog.string_agg('rowcast.' || i.name || ' as it was installed', ', ' order by i.name), '')
  from rowcast.installed i left join rowcast.objects() o on o.kind = i.kind and o.name = i.name
 where i.kind = 'table' and o.state is distinct from i.state
