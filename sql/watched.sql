-- Every table that the log may speak of: its number, name, stem and oid; the column that says
-- for whom a row is, null for the whole tenant, and how its values compare: "uuid",
-- "integer" or "text". That belongs to the table, so it holds for what was logged under
-- other numbers, too.
with tables as materialized (
    select w.*, coalesce(rowcast.relation_of(w.id), w.relation) as present from rowcast.watched w)
select t.id, t.table_name, t.name, t.present::bigint, o.audience,
       coalesce((select case when b.oid = 'uuid'::regtype then 'uuid' when b.typcategory = 'N' then 'integer' end
                   from pg_attribute a join pg_type b on b.oid = (rowcast.base_type(a.atttypid)).oid
                  where a.attrelid = t.present and a.attname = o.audience and not a.attisdropped), 'text')
  from tables t
 cross join lateral (select o.audience from tables o where o.present = t.present order by o.active desc, o.id desc limit 1) o
