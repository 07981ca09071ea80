-- What a view of the events needs of the database: values as the log writes them, and the
-- policy that says who sees what.
--
-- A policy is applied as the text of its file. PostgreSQL does not understand it, so it is
-- pending until a server, or the command of an operator, has checked it against the
-- watched tables. That makes it active, or refuses it; the one before is in force
-- meanwhile. One that gave way to another is replaced.

-- The text of values of columns as the log writes them, in JSON; null for one that is no
-- value of its type. A word such as "yesterday" is none: it means another time each day.
-- A type has an output function that a superuser made: what a cast
-- gives, no cast of anybody else is asked for. An enum has labels. Blanks at the end
-- are none of a character(n).
create or replace function rowcast.written_values(types oid[], modifiers integer[], texts text[]) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1 set datestyle = iso set intervalstyle = postgres set timezone = 'UTC'
as $$
declare
    written text[] := '{}';
    value text;
begin
    for i in 1 .. cardinality(texts) loop
        begin
            value := case case when texts[i] ~* '(now|today|tomorrow|yesterday)' and types[i] in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) then 0 else types[i] end
                when 'boolean'::regtype then to_json(texts[i]::boolean)
                when 'smallint'::regtype then to_json(texts[i]::smallint)
                when 'integer'::regtype then to_json(texts[i]::integer)
                when 'bigint'::regtype then to_json(texts[i]::bigint)
                when 'numeric'::regtype then to_json(texts[i]::numeric)
                when 'real'::regtype then to_json(texts[i]::real)
                when 'double precision'::regtype then to_json(texts[i]::double precision)
                when 'text'::regtype then to_json(texts[i])
                when 'character varying'::regtype then to_json(texts[i])
                when 'name'::regtype then to_json(texts[i])
                when 'character'::regtype then to_json(rpad(rtrim(texts[i], ' '), greatest(modifiers[i] - 4, length(rtrim(texts[i], ' ')))))
                when 'uuid'::regtype then to_json(texts[i]::uuid)
                when 'date'::regtype then to_json(texts[i]::date)
                when 'timestamp'::regtype then to_json(texts[i]::timestamp)
                when 'timestamptz'::regtype then to_json(texts[i]::timestamptz)
                else (select to_json(e.enumlabel::text) from pg_enum e where e.enumtypid = types[i] and e.enumlabel = texts[i]) end;
        exception when data_exception then
            value := null;
        end;
        written := written || value;
    end loop;
    return written;
end $$;

-- Says that the rules are others. What reads changes reads the version in the same
-- statement, so nothing that is committed later is sent by the rules before.
create or replace function rowcast.rules_changed() returns void
language sql as $$
    insert into rowcast.rules as r (version) values (1) on conflict (one) do update set version = r.version + 1
$$;

-- After each statement that changes rowcast.watched: what the policy is bound to may be
-- others, or under other names.
create or replace function rowcast.watched_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from rowcast.policy p where p.state = 'active') then
        perform rowcast.rules_changed();
    end if;
    return null;
end $$;

create or replace trigger watched_changed after insert or update or delete or truncate on rowcast.watched
    for each statement execute function rowcast.watched_changed();

-- Notifies the servers at commit that there is something to do about policies. That is
-- only a hint, and a queue that is half full is left alone: a full one would fail the commit.
create or replace function rowcast.policy_changed() returns void
language plpgsql as $$
begin
    if pg_notification_queue_usage() <= 0.5 then
        perform pg_notify('rowcast', '{"v":1,"policy":true}');
    end if;
end $$;

-- Stores a policy, the text of its file in YAML or JSON, as pending, and returns its
-- version. One that is pending still is replaced. Of those that are over the newest
-- hundred are kept.
create or replace function rowcast.apply_policy(document text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    number bigint;
begin
    if coalesce(btrim(document, E' \t\r\n'), '') = '' then
        raise exception 'the policy is empty'
            using errcode = 'invalid_parameter_value', hint = 'Give the text of its file. To have none: select rowcast.drop_policy().';
    elsif octet_length(document) > 65536 then
        raise exception 'the policy has % bytes', octet_length(document)
            using errcode = 'invalid_parameter_value', hint = 'At most 65536 are allowed.';
    end if;
    perform from rowcast.rules r for update; -- those who change policies take turns
    insert into rowcast.policy (document, state) values (apply_policy.document, 'replaced') returning policy.version into number;
    update rowcast.policy p set state = 'replaced', reason = format('version %s was applied before anybody had looked', number),
                                settled_by = session_user, settled_at = clock_timestamp()
     where p.state = 'pending';
    update rowcast.policy p set state = 'pending' where p.version = number;
    delete from rowcast.policy p where p.state in ('refused', 'replaced') and p.version <= number - 100;
    perform rowcast.policy_changed();
    return number;
end $$;

-- Makes a pending policy the active one. resolved is its form for servers, watched are the
-- numbers of rowcast.watched whose tables it is bound to. Returns false if it is not
-- pending any more: somebody else was faster.
create or replace function rowcast.activate_policy(version bigint, resolved text, watched integer[]) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    present oid[];
begin
    perform from rowcast.rules r for update;
    perform from rowcast.policy p where p.version = activate_policy.version and p.state = 'pending';
    if not found then
        return false;
    end if;
    if resolved is null or watched is null then
        raise exception 'a policy becomes active in its resolved form, with the tables that it is bound to'
            using errcode = 'null_value_not_allowed';
    end if;
    select coalesce(array_agg(c.oid order by u.n), '{}') into present
      from unnest(watched) with ordinality u (id, n)
      join rowcast.watched w on w.id = u.id and w.active
      join pg_class c on c.oid = rowcast.relation_of(w.id);
    if cardinality(present) <> cardinality(watched) then
        raise exception 'a table of the policy is not watched any more'
            using errcode = 'serialization_failure', hint = 'Read the watched tables again.';
    end if;
    update rowcast.policy p set state = 'replaced', reason = format('version %s took its place', activate_policy.version)
     where p.state = 'active';
    update rowcast.policy p set state = 'active', resolved = activate_policy.resolved, watched = activate_policy.watched, relations = present,
                                settled_by = session_user, settled_at = clock_timestamp()
     where p.version = activate_policy.version;
    perform rowcast.rules_changed();
    perform rowcast.policy_changed();
    return true;
end $$;

-- Refuses a pending policy, and says why. Returns false if it is not pending any more.
create or replace function rowcast.refuse_policy(version bigint, reason text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if coalesce(reason, '') = '' then
        raise exception 'a policy is refused for a reason' using errcode = 'invalid_parameter_value';
    end if;
    perform from rowcast.rules r for update;
    update rowcast.policy p set state = 'refused', reason = left(refuse_policy.reason, 20000), settled_by = session_user, settled_at = clock_timestamp()
     where p.version = refuse_policy.version and p.state = 'pending';
    return found;
end $$;

-- Ends the active policy, and one that is pending: from then on no role withholds anything.
-- Returns false if there was none.
create or replace function rowcast.drop_policy() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from rowcast.rules r for update;
    update rowcast.policy p set state = 'replaced', reason = format('dropped by %s', session_user),
                                settled_by = coalesce(p.settled_by, session_user), settled_at = coalesce(p.settled_at, clock_timestamp())
     where p.state in ('active', 'pending');
    if not found then
        return false;
    end if;
    perform rowcast.rules_changed();
    perform rowcast.policy_changed();
    return true;
end $$;

-- The policies that were applied, newest first, without their documents.
create or replace function rowcast.policies()
returns table (version bigint, state text, reason text, applied_by text, applied_at timestamptz, settled_by text, settled_at timestamptz)
language sql stable as $$
    select p.version, p.state, p.reason, p.applied_by, p.applied_at, p.settled_by, p.settled_at from rowcast.policy p order by p.version desc
$$;

-- Only roles that were granted it may apply a policy:
--
--     grant usage on schema rowcast to security_officer;
--     grant execute on function rowcast.apply_policy(text), rowcast.drop_policy(), rowcast.policies() to security_officer;
--     grant execute on function rowcast.lock_holders() to security_officer;
--     grant select on rowcast.policy to security_officer;
