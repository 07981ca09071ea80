-- The triggers of every watched table and of each of its partitions.
select case when d.count = 0 then 'ok' else 'fail' end,
       case when d.count = 0
            then format('all triggers of %s tables and %s partitions are as installed', t.tables, t.parts - t.tables)
            else d.detail end,
       null
  from (select count(*), string_agg(d.table_name || ': ' || d.detail, '; ') as detail from rowcast.trigger_drift() d) d,
       (select count(distinct w.id) as tables, count(p.relid) as parts
          from rowcast.watched w
         cross join lateral (select t.relid from pg_partition_tree(w.relation) t union select w.relation) p (relid)
         where w.active) t
