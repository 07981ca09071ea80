-- Rights: who may do what in schema rowcast. Applied last, so that it holds for
-- whatever was made before. There are three kinds of roles.
--
-- The owner has everything and needs no login; capture runs as it.
--
-- The service role is what "rowcast serve" and "rowcast tail" connect as. It
-- reads the log, and changes it through functions that seal and forget, no more:
-- it can neither write a change nor remove one before its time.
--
-- Every other role, those of applications above all, has nothing, but to draw
-- from rowcast.statement, which is part of each statement that is captured. The
-- function behind the row triggers is open to everybody, because PostgreSQL asks
-- for that right when somebody makes a partition of a watched table; it looks at
-- whose trigger it is. A role that may pause is given that function; ending its
-- own pause is open to everybody.

revoke execute on all functions in schema rowcast from public;
grant execute on function rowcast.capture_replicated(), rowcast.resume() to public;

-- What the service role calls runs as the owner. They fix their search_path and
-- build no statement from what they are given.
alter function rowcast.seal() security definer;
alter function rowcast.rotate(interval, bigint) security definer;
alter function rowcast.prune(interval, bigint) security definer;
alter function rowcast.empty_segments() security definer;
alter function rowcast.identity() security definer;
alter function rowcast.foreign_log() security definer;
alter function rowcast.know(text) security definer;
alter function rowcast.unsealed() security definer;
alter function rowcast.log_rows(integer, xid8[], bigint[], boolean[]) security definer;

-- Gives a role what a server needs. What is made later is given to it at the end
-- of the next migration.
create or replace function rowcast.grant_service(service regrole) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    execute format('grant usage on schema rowcast to %s', service);
    execute format(
        'grant select on rowcast.feed, rowcast.watched, rowcast.log, rowcast.log_active, rowcast.queue, rowcast.segment, rowcast.seal, rowcast.sealed, rowcast.tenant,
                         rowcast.pause, rowcast.revocation, rowcast.revocation_version to %s', service);
    execute format('grant insert (tenant) on rowcast.tenant to %s', service);
    execute format(
        'grant execute on function rowcast.seal(), rowcast.rotate(interval, bigint), rowcast.prune(interval, bigint),
                                   rowcast.empty_segments(), rowcast.identity(), rowcast.foreign_log(), rowcast.know(text), rowcast.unsealed(),
                                   rowcast.log_rows(integer, xid8[], bigint[], boolean[]),
                                   rowcast.trigger_drift(), rowcast.trigger_states(), rowcast.wanted_triggers(), rowcast.present_triggers(), rowcast.arguments(bytea),
                                   rowcast.has_condition(oid, text), rowcast.name_drift(integer), rowcast.relation_of(integer), rowcast.numbered(integer, oid),
                                   rowcast.has_columns(oid, text[]), rowcast.alteration(), rowcast.pauses(),
                                   rowcast.part_drift(oid), rowcast.inheritance(integer) to %s', service);
end $$;

-- Makes a role the owner of schema rowcast and of everything in it. The role
-- needs the right to own a schema here, and the caller that to become the role.
create or replace function rowcast.hand_over(new_owner regrole) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    statement text;
begin
    if (select n.nspowner from pg_namespace n where n.nspname = 'rowcast') <> new_owner then
        execute format('alter schema rowcast owner to %s', new_owner);
    end if;
    for statement in
        select format('alter table %s owner to %s', c.oid::regclass, new_owner)
          from pg_class c
         where c.relnamespace = 'rowcast'::regnamespace and c.relowner <> new_owner and c.relkind in ('r', 'p', 'v', 'S')
           and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'i') -- of an identity: it follows its table
         union all
        select format('alter function %s owner to %s', p.oid::regprocedure, new_owner)
          from pg_proc p where p.pronamespace = 'rowcast'::regnamespace and p.proowner <> new_owner
    loop
        execute statement;
    end loop;
end $$;

revoke execute on function rowcast.grant_service(regrole), rowcast.hand_over(regrole) from public;

-- What this migration has made belongs to whom everything else does, and is
-- given to the service roles, which are those that may seal.
do $$
begin
    perform rowcast.hand_over(n.nspowner::regrole) from pg_namespace n where n.nspname = 'rowcast';
    perform rowcast.grant_service(a.grantee::regrole)
       from pg_proc p cross join aclexplode(p.proacl) a
      where p.oid = 'rowcast.seal()'::regprocedure and a.privilege_type = 'EXECUTE' and a.grantee not in (0, p.proowner);
end $$;
