-- The tenant columns that may be null: such rows belong to nobody and are not captured.
select case when count(*) = 0 then 'ok' else 'warn' end,
       case when count(*) = 0 then 'every tenant column is not null'
            else string_agg(format('%s.%I may be null', c.oid::regclass, w.tenant_column), ', ' order by c.oid::regclass::text) end,
       string_agg(format('alter table %s alter column %I set not null', c.oid::regclass, w.tenant_column), '; ' order by c.oid::regclass::text)
  from rowcast.watched w
  join pg_class c on c.oid = w.relation
  join pg_attribute a on a.attrelid = c.oid and a.attname = w.tenant_column and not a.attisdropped
 where w.active and not a.attnotnull
