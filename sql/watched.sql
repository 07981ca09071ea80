-- Every table that the log may speak of: its number, name, stem and oid; the column that says
-- for whom a row is, null for the whole tenant, and how its values compare: "uuid",
-- "integer" or "text", or "other" for a type that cannot say it. That belongs to the table, so it holds for what was logged under
-- other numbers, too. Each page of the history asks, so what costs planning is called only
-- where it has to be. A number whose table is not known keeps its own.
with tables as materialized (
    select w.*, case when w.xmin = w.written then w.relation else coalesce(rowcast.relation_of(w.id), w.relation) end as present
      from rowcast.watched w)
select t.id, t.table_name, t.name, t.present::bigint, o.audience,
       coalesce((select case when b.oid = 'uuid'::regtype then 'uuid' when b.oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) then 'integer'
                               when b.oid in ('text'::regtype, 'character varying'::regtype) then 'text' else 'other' end
                   from pg_attribute a join pg_type b on b.oid = (rowcast.base_type(a.atttypid)).oid
                  where a.attrelid = t.present and a.attname = o.audience and not a.attisdropped), 'text')
  from tables t
 cross join lateral (select o.audience from tables o where o.id = t.id or o.present = t.present and t.present <> 0 order by o.active desc, o.id desc limit 1) o
