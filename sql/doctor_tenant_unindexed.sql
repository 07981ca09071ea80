-- The tenant columns without an index that begins with them: reloading a tenant
-- reads the whole table.
select case when count(*) = 0 then 'ok' else 'warn' end,
       case when count(*) = 0 then 'every tenant column leads an index'
            else string_agg(format('no index of %s begins with %I', c.oid::regclass, w.tenant_column), ', ' order by c.oid::regclass::text) end,
       string_agg(format('create index on %s (%I)', c.oid::regclass, w.tenant_column), '; ' order by c.oid::regclass::text)
  from rowcast.watched w
  join pg_class c on c.oid = w.relation
  join pg_attribute a on a.attrelid = c.oid and a.attname = w.tenant_column and not a.attisdropped
 where w.active
   and not exists (select from pg_index i
                    where i.indrelid = c.oid and i.indisvalid and i.indpred is null and i.indkey[0] = a.attnum)
