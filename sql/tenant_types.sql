-- The types of the tenant columns of the watched tables, each once, of domains the
-- type below; and the stems of their events.
with recursive found (type) as (
    select a.atttypid
      from rowcast.watched w
      join pg_attribute a on a.attrelid = w.relation and a.attname = w.tenant_column and not a.attisdropped
     where w.active
    union
    select t.typbasetype from found f join pg_type t on t.oid = f.type where t.typtype = 'd')
select array(select distinct format_type(t.oid, null)
               from found f join pg_type t on t.oid = f.type
              where t.typtype <> 'd'
              order by 1),
       array(select distinct w.name from rowcast.watched w where w.active order by 1)
