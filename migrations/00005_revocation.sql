-- Which tokens are not good any more, although their time is not up. The
-- functions that are meant to change it are in triggers/revocation.sql; whatever
-- changes it is heard of by every server.

-- +goose Up

-- A row revokes the tokens that fit all of its conditions. It does so until a
-- time at which all of them have expired by themselves.
create table rowcast.revocation (
    id            bigint generated always as identity primary key,
    token_id      text,                  -- the claim jti
    subject       text,                  -- the claim sub
    tenant        text,                  -- one of the tenants that the token names
    issued_before timestamptz,           -- the claim iat; a token without it fits
    reason        text not null default '',
    revoked_by    text not null default session_user,
    revoked_at    timestamptz not null default clock_timestamp(),
    until         timestamptz not null,
    constraint revocation_names_tokens check (num_nonnulls(token_id, subject, tenant, issued_before) > 0),
    constraint revocation_is_finite check (isfinite(issued_before) and isfinite(until))
);

-- Changes with every change of rowcast.revocation. One row: servers ask for it
-- each second.
create table rowcast.revocation_version (
    singleton boolean primary key default true check (singleton),
    version   uuid not null default gen_random_uuid()
);

insert into rowcast.revocation_version default values;

-- +goose Down
drop table rowcast.revocation_version;
drop table rowcast.revocation;
