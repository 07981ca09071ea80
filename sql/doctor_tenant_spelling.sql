-- Whether one value of a tenant has one spelling in all watched tables: it has if all
-- tenant columns are uuid, all are integers, or all are text.
with recursive columns (id, relation, name, type) as (
    select w.id, w.relation, w.tenant_column, a.atttypid
      from rowcast.watched w
      join pg_attribute a on a.attrelid = w.relation and a.attname = w.tenant_column and not a.attisdropped
     where w.active
    union
    select c.id, c.relation, c.name, t.typbasetype from columns c join pg_type t on t.oid = c.type where t.typtype = 'd'),
kinds as (
    select c.relation, c.name, format_type(t.oid, null) as type,
           case when t.typname = 'uuid' then 'uuid'
                when t.typname in ('int2', 'int4', 'int8') then 'integer'
                when t.typname in ('text', 'varchar', 'bpchar', 'name') or t.typtype = 'e' then 'text' end as kind
      from columns c join pg_type t on t.oid = c.type
     where t.typtype <> 'd')
select case when count(distinct k.kind) <= 1 and count(*) = count(k.kind) then 'ok' else 'warn' end,
       case when count(*) = 0 then 'no table is watched'
            when count(distinct k.kind) <= 1 and count(*) = count(k.kind) then 'every tenant column is of kind ' || min(k.kind)
            else 'tenants are compared as text: ' || string_agg(format('%s.%I is %s', k.relation::regclass, k.name, k.type), ', ' order by k.relation::regclass::text) end,
       null
  from kinds k
