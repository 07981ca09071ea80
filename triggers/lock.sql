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
