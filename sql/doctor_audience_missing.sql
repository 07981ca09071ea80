-- The columns that should say for whom rows are, and cannot: they are gone, are not logged,
-- or have a type that says nothing. Rows of such a table are for nobody.
select case when count(*) = 0 then 'ok' else 'fail' end,
       case when count(*) = 0 then 'every table has the column that says for whom its rows are'
            else string_agg(format('%s has no column %I that is logged and says for whom a row is, so its rows are for nobody', c.oid::regclass, w.audience), ', ' order by c.oid::regclass::text) end,
       string_agg(format('rowcast watch %s --audience <column>', c.oid::regclass), '; ' order by c.oid::regclass::text)
  from rowcast.watched w
  join pg_class c on c.oid = rowcast.relation_of(w.id)
 where w.active and w.audience is not null
   and (w.audience = any (w.exclude)
        or not exists (select from pg_attribute a
                        where a.attrelid = c.oid and a.attname = w.audience and a.attnum > 0 and not a.attisdropped
                          and (rowcast.base_type(a.atttypid)).oid in ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype)))
