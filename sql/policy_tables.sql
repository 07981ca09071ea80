-- The watched tables as a policy sees them, by their stems. First the number of
-- rowcast.watched, the table as a number and by its name, and the stem. Then whether it
-- has row level security, the columns that are excluded and those of the key. Then its
-- columns, in their order: names, types, of domains the type below, what they are to a
-- condition, whether they are never null, and numbers.
with recursive columns (watched, number, name, required, type, modifier) as (
    select w.id, a.attnum, a.attname::text, a.attnotnull, a.atttypid, a.atttypmod
      from rowcast.watched w join pg_attribute a on a.attrelid = rowcast.relation_of(w.id)
     where w.active and a.attnum > 0 and not a.attisdropped
    union all
    select c.watched, c.number, c.name, c.required, t.typbasetype, t.typtypmod
      from columns c join pg_type t on t.oid = c.type and t.typtype = 'd'
), known as (
    select c.watched, array_agg(c.name order by c.number) as names, array_agg(format_type(c.type, c.modifier) order by c.number) as types,
           array_agg(case when c.type in ('text'::regtype, 'character varying'::regtype, 'character'::regtype, 'name'::regtype) then 'text'
                          when c.type in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) then 'int'
                          when c.type = 'numeric'::regtype then 'numeric'
                          when c.type in ('real'::regtype, 'double precision'::regtype) then 'float'
                          when c.type = 'boolean'::regtype then 'bool'
                          when c.type = 'uuid'::regtype then 'uuid'
                          when c.type = 'date'::regtype then 'date'
                          when c.type = 'timestamp'::regtype then 'timestamp'
                          when c.type = 'timestamptz'::regtype then 'timestamptz'
                          when c.type in ('json'::regtype, 'jsonb'::regtype) then 'json'
                          when t.typtype = 'e' then 'enum'
                          else 'other' end order by c.number) as kinds,
           array_agg(c.required order by c.number) as required, array_agg(c.number order by c.number) as numbers
      from columns c join pg_type t on t.oid = c.type
     where t.typtype <> 'd'
     group by c.watched)
select w.id, c.oid::bigint, c.oid::regclass::text, w.name, c.relrowsecurity, w.exclude,
       array(select a.attname::text from pg_index i cross join unnest(i.indkey) with ordinality k (number, n)
               join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
              where i.indrelid = c.oid and i.indisprimary order by k.n),
       k.names, k.types, k.kinds, k.required, k.numbers
  from rowcast.watched w
  join pg_class c on c.oid = rowcast.relation_of(w.id)
  join known k on k.watched = w.id
 where w.active
 order by w.name
