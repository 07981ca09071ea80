-- What is watched, as the triggers know it: table, tenant column, stem, excluded columns, and the
-- column that says for whom a row is.
select distinct on (c.oid) c.oid::regclass::text, g.arguments[4], g.arguments[6], g.arguments[5]::text[], coalesce(g.arguments[7], '')
  from rowcast.present_triggers() g join pg_class c on c.oid = g.relation
 where g.function = 'rowcast.capture' and not g.is_part and g.parent = 0 and not c.relispartition
 order by c.oid, g.oid
