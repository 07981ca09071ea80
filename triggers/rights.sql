-- Rights: what each role may do in schema rowcast. Applied last, so that it holds for
-- whatever was made before. There are three kinds of roles.
--
-- The owner has everything and needs no login. It does not capture.
--
-- The role rowcast_capture owns the functions that triggers call, and nothing else.
-- It cannot log in, is a member of no role, and may append to the log, put in order
-- what its transaction has appended, note its tenants, and draw numbers. A migration makes it, if
-- that is run by a superuser or a role that may create roles. Else the functions
-- belong to whom the schema belongs to, which is safe as well: what they do runs no
-- code of anybody else. rowcast.image and rowcast.look_for_keys see to it.
--
-- The service role is what "rowcast serve" and "rowcast tail" connect as. It
-- reads the log, and changes it through functions that seal and forget, no more:
-- it can neither write a change nor remove one before its time. It settles a policy
-- that was applied, and applies none.
--
-- Every other role, those of applications above all, has nothing. A statement on a
-- watched table needs no right either: PostgreSQL asks for none to call the function of
-- a trigger. The function behind the row triggers is open to everybody, because
-- PostgreSQL asks for that right when a partition of a watched table is made. It looks
-- at whose trigger it is. A role that may pause is given that function; ending its own
-- pause is open to everybody.

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
                         rowcast.pause, rowcast.revocation, rowcast.revocation_version, rowcast.rules, rowcast.policy to %s', service);
    execute format('grant insert (tenant) on rowcast.tenant to %s', service);
    execute format(
        'grant execute on function rowcast.seal(), rowcast.rotate(interval, bigint), rowcast.prune(interval, bigint),
                                   rowcast.empty_segments(), rowcast.identity(), rowcast.foreign_log(), rowcast.subscribed_log(), rowcast.know(text), rowcast.cursor(text), rowcast.unsealed(),
                                   rowcast.log_rows(integer, xid8[], bigint[], boolean[]),
                                   rowcast.trigger_drift(), rowcast.trigger_states(), rowcast.wanted_triggers(), rowcast.present_triggers(), rowcast.arguments(bytea),
                                   rowcast.name_drift(integer), rowcast.relation_of(integer), rowcast.numbered(integer, oid),
                                   rowcast.has_columns(oid, text[]), rowcast.is_shown(oid, "char"), rowcast.alteration(), rowcast.pauses(),
                                   rowcast.part_drift(oid), rowcast.inheritance(integer), rowcast.wide_rows(integer),
                                   rowcast.lock_number(text), rowcast.lock_holders(), rowcast.servers(),
                                   rowcast.written_values(oid[], integer[], text[]), rowcast.base_type(oid),
                                   rowcast.activate_policy(bigint, text, integer[]), rowcast.refuse_policy(bigint, text), rowcast.policies(),
                                   rowcast.why_not_readable(integer, regrole), rowcast.service_roles(), rowcast.rows_of(text, text, regrole), rowcast.present_files_of(oid) to %s', service);
    perform rowcast.let_services_read(w.id) from rowcast.watched w where w.active and w.readable;
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
          from pg_proc p
         where p.pronamespace = 'rowcast'::regnamespace and p.proowner <> new_owner
           and (p.proowner <> rowcast.capture_owner() or not rowcast.is_capture(p.proname))
           and p.proname not like 'look\_as\_%'
    loop
        execute statement;
    end loop;
    perform rowcast.set_up_capture();
    perform rowcast.let_capture_look();
end $$;

-- Whether a function is one that triggers call.
create or replace function rowcast.is_capture(name name) returns boolean
language sql immutable
return name in ('open_statement', 'begin_statement', 'capture', 'capture_update', 'capture_truncate', 'capture_replicated', 'close_replicated')
    or name ~ '^capture_(update_)?\d+$';

-- Whom capture runs as.
create or replace function rowcast.capture_owner() returns regrole
language sql stable
return (select p.proowner::regrole from pg_proc p
         where p.pronamespace = (select n.oid from pg_namespace n where n.nspname = 'rowcast') and p.proname = 'capture');

-- Makes the role that capture runs as, if that can be done, and gives it what it needs.
-- A role that may migrate has to be a member of it, to replace its functions.
create or replace function rowcast.set_up_capture() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    schema_owner constant regrole := (select n.nspowner from pg_namespace n where n.nspname = 'rowcast');
    becoming constant text := case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end;
    member regrole;
    function regprocedure;
begin
    for attempt in 1..10 loop
        begin
            if to_regrole('rowcast_capture') is null then
                begin
                    create role rowcast_capture nologin noinherit;
                exception when duplicate_object or unique_violation then
                    null; -- another database has made it just now
                end;
            end if;
            if rowcast.may_capture('rowcast_capture') then
                for member in
                    select distinct m from unnest(array[schema_owner, current_user::regrole]) m
                     where not pg_has_role(m, 'rowcast_capture', 'usage') or not pg_has_role(m, 'rowcast_capture', becoming)
                loop
                    execute format('grant rowcast_capture to %s %s', member, case becoming when 'set' then 'with inherit true, set true' else '' end);
                end loop;
                if exists (select from pg_proc p where p.pronamespace = 'rowcast'::regnamespace
                                                   and rowcast.is_capture(p.proname) and p.proowner <> to_regrole('rowcast_capture')) then
                    grant usage, create on schema rowcast to rowcast_capture;
                    for function in
                        select p.oid from pg_proc p where p.pronamespace = 'rowcast'::regnamespace and rowcast.is_capture(p.proname)
                    loop
                        execute format('alter function %s owner to rowcast_capture', function);
                    end loop;
                end if;
            end if;
            exit;
        exception
            when insufficient_privilege then
                exit; -- the owner of the schema captures
            when undefined_object or internal_error then
                if attempt = 10 then -- another database that had it last has dropped it just now
                    raise;
                end if;
        end;
    end loop;
    if rowcast.capture_owner() = schema_owner then
        return;
    end if;
    execute format('revoke all on schema rowcast from %1$s; grant usage on schema rowcast to %1$s', rowcast.capture_owner());
    execute format('grant select, insert, delete on rowcast.log_active to %1$s; grant select on rowcast.watched, rowcast.pause to %1$s;
                    grant select, insert, update (id) on rowcast.noted to %1$s; grant insert on rowcast.queue_tenant to %1$s;
                    grant usage, select on sequence rowcast.log_id, rowcast.statement to %1$s', rowcast.capture_owner());
    for function in
        select p.oid from pg_proc p where p.pronamespace = 'rowcast'::regnamespace and p.proname = any (array[
            'after_append', 'append', 'arguments', 'base_type', 'begin_beside', 'captured', 'changed_meanwhile', 'changed_rows', 'changed_rows_of_partitions',
            'clocks', 'close_statement', 'differ', 'entry_of_row', 'fix_search_path', 'fix_settings', 'has_columns', 'has_plain_columns', 'image',
            'image_hash', 'is_alone', 'is_due', 'is_newest', 'is_plain', 'is_serializable', 'is_settled', 'is_shown', 'is_watched', 'is_whole', 'key_columns', 'key_of_row', 'leave_to_rows', 'lock_number', 'look_for_changed', 'look_for_keys', 'look_for_unchanged', 'looks_as', 'named', 'named_here', 'newest_number', 'next_part', 'next_statement',
            'note_rows', 'note_tenants', 'notify', 'numbered', 'operation', 'ordinary', 'paused', 'plain_here', 'present_triggers', 'put_in_order', 'readable',
            'reader_asleep', 'relation_of', 'remember', 'restore_settings', 'row_key', 'settings_fixed', 'settle', 'settle_entry', 'tell_unordered', 'tenant_column',
            'tenant_of_row', 'time_to_note', 'written', 'written_columns'])
    loop
        execute format('grant execute on function %s to %s', function, rowcast.capture_owner());
    end loop;
end $$;

-- Whether a role is fit to own the functions that triggers call.
create or replace function rowcast.may_capture(role regrole) returns boolean
language sql stable
return exists (select from pg_roles r
                where r.oid = role and not (r.rolcanlogin or r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls)
                  and not exists (select from pg_auth_members m where m.member = r.oid));

-- Lets capture look into the watched tables, to put statements in order. A table whose
-- owner has the rights of capture anyway it reads itself. For each other owner there is
-- a function that belongs to him, which only capture may call: whatever code of his it
-- runs has his rights. An owner who changes his function lies about his own tables, and
-- needs a right on the schema to name it; one that runs as its caller is not called.
-- Where the caller may not give a function to the owner, there is none, and the doctor
-- says so. Those of owners who have no watched table any more go.
create or replace function rowcast.let_capture_look() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    body constant text := 'begin return query execute query using keys; end';
    capture constant regrole := rowcast.capture_owner();
    owners constant oid[] := array(select distinct c.relowner from rowcast.watched w join pg_class c on c.oid = rowcast.relation_of(w.id) where w.active);
    owner regrole;
    statement text;
begin
    for statement in
        select unnest(array[
                   case when not has_schema_privilege(capture, n.oid, 'usage') and pg_has_role(n.nspowner, 'usage')
                        then format('grant usage on schema %I to %s', n.nspname, capture) end,
                   case when not has_table_privilege(capture, c.oid, 'select') and pg_has_role(c.relowner, 'usage')
                        then format('grant select on %s to %s', c.oid::regclass, capture) end])
          from rowcast.watched w join pg_class c on c.oid = rowcast.relation_of(w.id) join pg_namespace n on n.oid = c.relnamespace
         where w.active and pg_has_role(c.relowner, capture, 'usage')
    loop
        if statement is not null then
            execute statement;
        end if;
    end loop;
    for statement in
        select format('drop function %s', p.oid::regprocedure) from pg_proc p
         where p.pronamespace = 'rowcast'::regnamespace and p.proname like 'look\_as\_%'
           and (p.proowner <> all (owners) or pg_has_role(p.proowner, capture, 'usage'))
    loop
        begin
            execute statement;
        exception when insufficient_privilege then
            null; -- it does no harm
        end;
    end loop;
    foreach owner in array owners loop
        continue when pg_has_role(owner, capture, 'usage') or exists (
            select from pg_proc p
             where p.pronamespace = 'rowcast'::regnamespace and p.proname like 'look\_as\_%' and p.proowner = owner
               and p.prosecdef and p.prosrc = body and has_function_privilege(capture, p.oid, 'execute'));
        begin
            statement := format('rowcast.look_as_%s(text, json[])', owner::oid);
            execute format('drop function if exists %s', statement);
            execute format('create function rowcast.look_as_%s(query text, keys json[]) returns table (tenant text, image json)
                            language plpgsql stable security definer set search_path = pg_catalog, pg_temp set row_security = off as %L', owner::oid, body);
            execute format('revoke execute on function %1$s from public; grant execute on function %1$s to %2$s', statement, capture);
            if (select r.rolsuper from pg_roles r where r.rolname = current_user) then
                execute format('alter function %s owner to %s', statement, owner);
            else -- it is asked of the owner that he may make functions here
                execute format('grant create on schema rowcast to %2$s; alter function %1$s owner to %2$s; revoke create on schema rowcast from %2$s', statement, owner);
            end if;
        exception when insufficient_privilege then
            null;
        end;
    end loop;
end $$;

-- Nothing here goes by the search_path of the caller, where anybody can put a function
-- or an operator in the place of another. These are the exceptions: they name the
-- schema of all they use, or are called by such as have fixed the search_path, and
-- would cost more with one of their own.
do $$
declare
    function regprocedure;
begin
    for function in
        select p.oid from pg_proc p
         where p.pronamespace = 'rowcast'::regnamespace and p.prosqlbody is null and p.proname !~ '^capture_(update_)?\d+$'
           and not exists (select from unnest(p.proconfig) c where c like 'search\_path=%')
           and p.proname <> all (array[
               'append', 'begin_beside', 'begin_statement', 'capture', 'capture_update', 'captured', 'changed_rows', 'clocks', 'close_statement',
               'differences', 'fix_search_path', 'log_between', 'name_drift', 'named_here', 'newest_number', 'newly_visible', 'open_statement', 'plain_here', 'readable', 'restore_settings', 'settle',
               'settle_entry', 'tenant_column', 'trigger_drift'])
    loop
        execute format('alter function %s set search_path = pg_catalog, pg_temp', function);
    end loop;
end $$;

do $$
declare
    function regprocedure;
begin
    for function in -- those of table owners may be none that this role can change
        select p.oid from pg_proc p
         where p.pronamespace = 'rowcast'::regnamespace
           and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
    loop
        execute format('revoke execute on function %s from public', function);
    end loop;
end $$;
grant execute on function rowcast.capture_replicated(), rowcast.resume() to public;
revoke all on all tables in schema rowcast from public;
revoke all on schema rowcast from public;

-- Triggers of earlier versions have a condition, in which the writer draws a
-- number. As long as there are any, every role has to have the right.
do $$
begin
    revoke all on all sequences in schema rowcast from public;
    if exists (select from pg_trigger g join pg_proc p on p.oid = g.tgfoid
                where p.pronamespace = 'rowcast'::regnamespace and g.tgqual is not null) then
        grant usage on sequence rowcast.statement to public;
    end if;
end $$;

-- What this migration has made belongs to whom everything else does, and is
-- given to the service roles, which are those that may seal.
do $$
begin
    perform rowcast.hand_over(n.nspowner::regrole) from pg_namespace n where n.nspname = 'rowcast';
    perform rowcast.grant_service(a.grantee::regrole)
       from pg_proc p cross join aclexplode(p.proacl) a
      where p.oid = 'rowcast.seal()'::regprocedure and a.privilege_type = 'EXECUTE' and a.grantee not in (0, p.proowner);
end $$;
