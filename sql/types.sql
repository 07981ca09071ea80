-- The columns of the watched tables with their types, as one JSON document.
--
-- "tables", by the number of the table: the stem of its events, its name, whether its rows
-- are for single people, and its columns, in their order. Of a column and of a part of a
-- composite type there are the name, the type as a number, a modifier and how deep
-- an array is. "types", by number: what the log makes of a type. A domain is "domain",
-- with the type below. The others are "number", "exact" for what a double may not
-- hold, "boolean", and "json" for what JSON can be. An "enum" has labels, an "array" and
-- an "object" have what they consist of. All the rest is "text".
with recursive watched as (
    select w.id, w.name, w.exclude, w.audience is not null as personal, rowcast.relation_of(w.id) as relation
      from rowcast.watched w
     where w.active
), kept as (
    select w.id as watched, a.attnum, a.attname, a.attnotnull, a.atttypid, a.atttypmod, a.attndims
      from watched w join pg_attribute a on a.attrelid = w.relation
     where a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v' and a.attname <> all (w.exclude)
), parts as (
    select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attndims
      from pg_attribute a
     where a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
), known (type) as (
    select k.atttypid from kept k
    union
    select n.type
      from known k
      join pg_type t on t.oid = k.type
     cross join lateral (
           select t.typbasetype where t.typtype = 'd'
           union all
           select t.typelem where t.typtype = 'b' and t.typcategory = 'A' and t.typelem <> 0
           union all
           select p.atttypid from parts p where t.typtype = 'c' and p.attrelid = t.typrelid) n (type)
)
select json_build_object(
    'tables', (
        select json_agg(json_build_object(
                   'id', w.relation::bigint, 'name', w.relation::regclass::text, 'stem', w.name, 'personal', w.personal,
                   'columns', (select json_agg(json_build_object('name', k.attname, 'required', k.attnotnull, 'type', k.atttypid::bigint,
                                                                 'modifier', k.atttypmod, 'depth', k.attndims) order by k.attnum)
                                 from kept k where k.watched = w.id)) order by w.name, w.relation::regclass::text)
          from watched w
         where exists (select from kept k where k.watched = w.id)),
    'types', (
        select json_object_agg(t.oid, json_build_object(
                   'kind', case when t.typtype = 'd' then 'domain'
                                when t.typtype = 'b' and t.typcategory = 'A' and t.typelem <> 0 then 'array'
                                when t.typtype = 'c' then 'object'
                                when t.typtype = 'e' then 'enum'
                                when t.oid in ('smallint'::regtype, 'integer'::regtype, 'real'::regtype, 'double precision'::regtype) then 'number'
                                when t.oid in ('bigint'::regtype, 'numeric'::regtype) then 'exact'
                                when t.oid = 'boolean'::regtype then 'boolean'
                                when t.oid in ('json'::regtype, 'jsonb'::regtype) then 'json'
                                -- As capture sees it: a cast to json that is the code of the owner is not called.
                                when t.oid >= 16384 and t.typtype = 'b'
                                     and exists (select from pg_roles o where o.oid = t.typowner and o.rolsuper)
                                     and exists (select from pg_cast c where c.castsource = t.oid and c.casttarget = 'json'::regtype and c.castfunc <> 0)
                                     and not exists (select from pg_cast c join pg_proc p on p.oid = c.castfunc join pg_language l on l.oid = p.prolang
                                                      where c.castsource = t.oid and c.casttarget = 'json'::regtype and l.lanname not in ('internal', 'c'))
                                     then 'json'
                                else 'text' end,
                   'base', t.typbasetype::bigint, 'modifier', t.typtypmod, 'required', t.typnotnull, 'depth', t.typndims,
                   'element', t.typelem::bigint,
                   'labels', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
                   'fields', (select json_agg(json_build_object('name', p.attname, 'type', p.atttypid::bigint, 'modifier', p.atttypmod,
                                                                'depth', p.attndims) order by p.attnum)
                                from parts p where t.typtype = 'c' and p.attrelid = t.typrelid)))
          from known k join pg_type t on t.oid = k.type))
