-- How many transactions wait for the lock that a commit with a NOTIFY takes:
-- one for the whole cluster, held until the commit is on the disk.
select count(*)
  from pg_locks l
 where l.locktype = 'object' and l.database = 0 and l.classid = 'pg_database'::regclass and l.objid = 0 and not l.granted
