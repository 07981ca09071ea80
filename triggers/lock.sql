-- The advisory locks of the feed.

-- The number of a lock, by its name. The server that leads holds that of the leader,
-- and each server shares that of the servers. Sleep keeps writers from a reader that is
-- asleep. Seal, prune and migration are held while one of these goes on.
create or replace function rowcast.lock_number(name text) returns bigint
language sql immutable
return case name when 'sleep' then 8245940711459091457 when 'seal' then 8245940711459091458 when 'leader' then 8245940711459091459
                 when 'prune' then 8245940711459091460 when 'migration' then 8245940711459091461 when 'server' then 8245940711459091462 end;

-- The sessions that hold one of them, or wait for it. The process is null for a
-- prepared transaction.
create or replace function rowcast.lock_holders() returns table (lock text, pid integer, virtualtransaction text, mode text, granted boolean)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select n.name, l.pid, l.virtualtransaction, l.mode, l.granted
      from pg_locks l join unnest('{sleep,seal,leader,prune,migration,server}'::text[]) n (name)
        on (l.classid::bigint << 32 | l.objid::bigint) = rowcast.lock_number(n.name)
     where l.locktype = 'advisory' and l.objsubid = 1 and l.database = (select d.oid from pg_database d where d.datname = current_database())
$$;

-- How many servers there are, and programs that follow the feed as a server does.
create or replace function rowcast.servers() returns bigint
language sql stable
return (select count(*) from rowcast.lock_holders() h where h.lock = 'server' and h.mode = 'ShareLock');

-- Locks a table and its partitions, in the mode that a change of their triggers
-- needs. Writers queue behind the first lock until the last is granted, so
-- lock_timeout bounds all the waiting together, not that for each partition.
create or replace function rowcast.lock_parts(target regclass, mode text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    given constant text := current_setting('lock_timeout');
    deadline constant timestamptz := clock_timestamp() + given::interval;
    part regclass;
begin
    for part in select p.relid
                  from (select t.relid from pg_partition_tree(target) t union select target) p
                 order by p.relid <> target, p.relid
    loop
        if given <> '0' then
            perform set_config('lock_timeout',
                greatest(1, floor(1000 * extract(epoch from deadline - clock_timestamp())))::integer::text, true);
        end if;
        execute format('lock table only %s in %s mode', part, mode);
    end loop;
    perform set_config('lock_timeout', given, true);
end $$;
