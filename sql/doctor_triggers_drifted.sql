-- The triggers of every watched table and of each of its partitions. It fails if
-- changes are lost.
select case when d.count = 0 then 'ok' when d.lost then 'fail' else 'warn' end,
       case when d.count = 0
            then format('all triggers of %s tables and %s partitions are as installed', t.tables, t.parts - t.tables)
            else d.detail end,
       null
  from (select count(*), bool_or(d.lost) as lost, string_agg(d.table_name || ': ' || d.detail, '; ') as detail from rowcast.trigger_drift() d) d,
       (select count(distinct w.id) as tables, count(p.relid) as parts
          from rowcast.watched w
         cross join lateral rowcast.relation_of(w.id) r (relation)
         cross join lateral (select t.relid from pg_partition_tree(r.relation) t union select r.relation) p (relid)
         where w.active) t
