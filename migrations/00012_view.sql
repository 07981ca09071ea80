-- For whom a row is, and the rules by which the server withholds events.

-- +goose Up

-- The column that says for whom a row is; null if rows are for the whole tenant.
alter table rowcast.watched add column audience text;

-- Whether servers may read rows of the table for clients that begin.
alter table rowcast.watched add column readable boolean not null default false;

-- The version of the rules: another one as soon as they are others. What reads changes
-- reads it in the same statement, and follows the rules before it sends them.
create table rowcast.rules (
    one     boolean primary key default true check (one), -- there is one row
    version bigint not null
);
insert into rowcast.rules (version) values (0);

-- The policies that were applied: who sees which rows and columns. One is active at most,
-- and one pending. What each state means is in triggers/view.sql.
create table rowcast.policy (
    version    bigint generated always as identity primary key,
    document   text not null,            -- as it was written
    resolved   text,                     -- as servers read it, bound to tables; null of one that never was active
    watched    integer[] not null default '{}', -- rowcast.watched.id of its tables when it became active
    relations  oid[] not null default '{}',     -- and what these tables were then
    state      text not null default 'pending' check (state in ('pending', 'active', 'refused', 'replaced')),
    reason     text not null default '', -- why it was refused or replaced
    applied_by text not null default session_user,
    applied_at timestamptz not null default clock_timestamp(),
    settled_by text,
    settled_at timestamptz,
    constraint policy_active_is_resolved check (state <> 'active' or resolved is not null),
    constraint policy_bound check (cardinality(watched) = cardinality(relations))
);
create unique index policy_active on rowcast.policy (state) where state in ('active', 'pending');

-- +goose Down
drop table rowcast.policy;
drop table rowcast.rules;
alter table rowcast.watched drop column readable, drop column audience;
