-- The sessions that hold an advisory lock of the feed for long, or without being a
-- server that should: any session that may connect can take them. One row each: the
-- lock, the process, 0 for a prepared transaction, and its virtual transaction. Then
-- come the session in words, and for how long at least in seconds, null if this role
-- may not see.
--
-- A server shares that of the servers, and holds the others besides if it leads. Those
-- of the seal, of pruning and of migrations are held for a moment each: the caller has
-- to see whether that is over. Writers share the lock of sleep for their transaction,
-- so only a session without one is named.
--
-- $1 are the names of the locks, $2 their numbers: the caller may have no right to ask
-- schema rowcast, or there is none.
with held as (
    select n.lock, l.pid, l.virtualtransaction, l.mode
      from pg_locks l join unnest($1::text[], $2::bigint[]) n (lock, number) on (l.classid::bigint << 32 | l.objid::bigint) = n.number
     where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
       and l.database = (select d.oid from pg_database d where d.datname = current_database())
)
select h.lock, coalesce(h.pid, 0), h.virtualtransaction,
       case when h.pid is null then 'a prepared transaction'
            else format('pid %s, role %s, application %s', h.pid, a.usename, coalesce(nullif(a.application_name, ''), 'without a name')) end,
       extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.state_change))::float8
  from held h
  left join pg_stat_activity a on a.pid = h.pid
 where case h.lock
            when 'leader' then not exists (select from held s where s.pid = h.pid and s.lock = 'server' and s.mode = 'ShareLock')
            when 'sleep' then case h.mode when 'ExclusiveLock' then not exists (select from held s where s.pid = h.pid and s.lock = 'leader')
                                   else a.state = 'idle' end
            when 'server' then h.mode = 'ExclusiveLock'
            else true end
 order by h.lock, h.pid
