-- Revocation: tokens that are refused before they expire.

-- After each statement that changes rowcast.revocation, also one of psql: the
-- version changes, and at commit the servers are notified. That is only a hint,
-- and a queue that is half full is left alone: a full one would fail the commit.
create or replace function rowcast.revocation_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update rowcast.revocation_version set version = gen_random_uuid();
    if pg_notification_queue_usage() <= 0.5 then
        perform pg_notify('rowcast', '{"v":1,"revoked":true}');
    end if;
    return null;
end $$;

create or replace trigger revocation_changed after insert or update or delete or truncate on rowcast.revocation
    for each statement execute function rowcast.revocation_changed();

-- Before a row of rowcast.revocation is written, by whatever: empty text names
-- nothing and is no way to say "any", so that it is refused, as is what no token
-- can have. A script whose variable is empty would otherwise revoke more than it
-- means to.
create or replace function rowcast.revocation_names() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    given text;
begin
    foreach given in array array[new.token_id, new.subject, new.tenant] loop
        if octet_length(given) not between 1 and 255 then
            raise exception 'a token id, a subject and a tenant have 1 to 255 bytes'
                using errcode = 'invalid_parameter_value',
                      hint = 'No token can have another one. What is no condition is null.';
        end if;
    end loop;
    return new;
end $$;

create or replace trigger revocation_names before insert or update on rowcast.revocation
    for each row execute function rowcast.revocation_names();

-- Revokes the tokens that fit all conditions that are not null, for as long as
-- they could live, and returns the number by which that can be undone. It
-- forgets revocations whose time is up.
create or replace function rowcast.revoke(
    token_id text default null, subject text default null, tenant text default null, issued_before timestamptz default null,
    reason text default '', lifetime interval default '30 days'
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    number bigint;
begin
    if num_nonnulls(token_id, subject, tenant, issued_before) = 0 then
        raise exception 'a revocation needs a token id, a subject, a tenant or a time of issue'
            using errcode = 'invalid_parameter_value', hint = 'To revoke every token, give issued_before => now().';
    end if;
    if issued_before > clock_timestamp() + interval '1 minute' then
        raise exception 'issued_before lies in the future: nobody could log in until %', issued_before
            using errcode = 'invalid_parameter_value';
    end if;
    if octet_length(reason) > 1000 or lifetime is null or lifetime <= interval '0' then
        raise exception 'a reason has at most 1000 bytes, and a lifetime is longer than 0' using errcode = 'invalid_parameter_value';
    end if;
    delete from rowcast.revocation r where r.until < clock_timestamp() - interval '1 hour'; -- of clocks that differ
    insert into rowcast.revocation as r (token_id, subject, tenant, issued_before, reason, until)
    values (revoke.token_id, revoke.subject, revoke.tenant, revoke.issued_before, coalesce(revoke.reason, ''), clock_timestamp() + lifetime)
    returning r.id into number;
    return number;
end $$;

-- Undoes a revocation. Returns whether there was one.
create or replace function rowcast.unrevoke(number bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from rowcast.revocation r where r.id = number;
    return found;
end $$;
