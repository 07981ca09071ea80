-- Inheritance. A partition is part of its table, a table that inherits from another
-- (create table ... inherits) is not: PostgreSQL fires the statement triggers of the
-- table that a statement names. A change through the parent is captured as one of the
-- parent, of rows as the parent has them. One that names the child is captured if the
-- child is watched by itself. It may have columns of its own, and the same keys as the
-- parent, so it is never captured as the parent.

-- The tables that inherit from one, at any depth.
create or replace function rowcast.heirs(relation oid) returns setof oid
language sql stable set search_path = pg_catalog, pg_temp as $$
    with recursive heir as (
        select i.inhrelid as oid from pg_inherits i where i.inhparent = heirs.relation
        union
        select i.inhrelid from heir h join pg_inherits i on i.inhparent = h.oid
    )
    select h.oid from heir h join pg_class c on c.oid = h.oid where not c.relispartition
$$;

-- What inheritance does to the capture of a watched table, or of each, in words.
-- fails: it makes statements of writers fail.
create or replace function rowcast.inheritance(watched_id integer default null)
returns table (watched integer, table_name text, detail text, fails boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with target as (
        select w.id, c.oid as relation from rowcast.watched w join pg_class c on c.oid = rowcast.relation_of(w.id)
         where w.active and w.id = coalesce(inheritance.watched_id, w.id)
    ), captured as (
        select rowcast.relation_of(w.id) as relation from rowcast.watched w where w.active
    ), found as (
        select t.id, t.relation, h.oid as other, 'updates and deletes through it fail when they reach a foreign table that inherits from it: %s' as detail, true as fails
          from target t cross join lateral rowcast.heirs(t.relation) h (oid) join pg_class c on c.oid = h.oid where c.relkind = 'f'
         union all
        select t.id, t.relation, h.oid, 'statements that name a table which inherits from it are not captured unless that is watched, too: %s', false
          from target t cross join lateral rowcast.heirs(t.relation) h (oid) join pg_class c on c.oid = h.oid
         where c.relkind <> 'f' and h.oid not in (select w.relation from captured w)
         union all
        select t.id, t.relation, p.oid, 'statements that name a table from which it inherits are not captured unless that is watched, too: %s', false
          from target t join pg_class p on t.relation in (select h.oid from rowcast.heirs(p.oid) h (oid))
         where p.relhassubclass and p.relkind = 'r' and p.oid not in (select w.relation from captured w)
    )
    select f.id, f.relation::regclass::text, format(f.detail, string_agg(f.other::regclass::text, ', ' order by f.other::regclass::text)), f.fails
      from found f group by f.id, f.relation, f.detail, f.fails order by 2, 4 desc, 3
$$;
