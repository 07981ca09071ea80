-- The version of the rules, and the active policy if there is one: its version, document
-- and resolved form, the role that applied it and when. Then the tables that it was bound to, as
-- numbers of then, and of now where they are watched as then.
select coalesce((select r.version from rowcast.rules r), 0), p.version, p.document, p.resolved, p.applied_by, p.applied_at,
       p.relations::bigint[],
       array(select case when w.active then rowcast.relation_of(w.id)::bigint end
               from unnest(p.watched) with ordinality u (id, n) left join rowcast.watched w on w.id = u.id
              order by u.n)
  from (select 1) one left join rowcast.policy p on p.state = 'active'
