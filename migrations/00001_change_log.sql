-- The change log and what gives it an order. Functions and triggers are not
-- here: they are current state, kept in triggers/ and applied after this.

-- +goose Up

-- Which history this is. One row. A cursor names the feed it belongs to, so
-- that a client of another history is told to reload.
create table rowcast.feed (
    singleton  boolean primary key default true check (singleton),
    id         text not null,
    created_at timestamptz not null default clock_timestamp()
);

insert into rowcast.feed (id) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 12));

-- The tables whose changes are captured. A table that is no longer watched
-- keeps its row, because the log may still speak of it.
create table rowcast.watched (
    id            integer generated always as identity primary key,
    relation      oid not null,          -- pg_class.oid; follows a rename
    table_schema  text not null,
    table_name    text not null,
    tenant_column text not null,
    name          text not null,         -- stem of the event names
    exclude       text[] not null default '{}',
    active        boolean not null default true,
    created_at    timestamptz not null default clock_timestamp()
);

create unique index watched_active on rowcast.watched (relation) where active;

-- Draws the numbers of log rows and statements. The cache must stay 1: within
-- a row lock, numbers have to grow in the order of the changes.
create sequence rowcast.log_id as bigint cache 1;

-- What writers append, in their own transaction: one row for a statement that
-- changed one row, one row a chunk (64 KiB of JSON) and tenant for others.
create table rowcast.log (
    xid     xid8 not null default pg_current_xact_id(), -- top-level transaction
    id      bigint not null default nextval('rowcast.log_id'),
    begun   bigint not null,             -- drawn from log_id when the statement began
    at      timestamptz not null default clock_timestamp(),
    watched integer not null,            -- rowcast.watched.id
    rows    integer not null,            -- row changes in this log row
    op      "char" not null,             -- i, u, d, t, r or o
    tenant  text,                        -- null for truncate: it concerns every tenant
    writer  text not null default current_setting('application_name'),
    after   json[],                      -- the rows after an insert or update
    before  json[],                      -- the rows before an update or delete
    primary key (xid, id)
);

-- One row a seal, append only; the newest is the head. The snapshot tells
-- which transactions had been seen, the nonce tells histories apart.
create table rowcast.seal (
    seal      bigint primary key,        -- 1, 2, 3, ...
    place     bigint not null,           -- newest place given
    snapshot  pg_snapshot not null,
    nonce     bigint not null,
    sealed_at timestamptz not null default clock_timestamp()
);

-- Everything that was committed before the log existed counts as seen.
insert into rowcast.seal (seal, place, snapshot, nonce)
values (0, 0, pg_current_snapshot(), 0);

-- The final order: one row for each log row and tenant.
create table rowcast.sealed (
    place          bigint primary key,   -- dense over all tenants: 1, 2, 3, ...
    position       bigint not null,      -- last position covered, dense within the tenant
    xid            xid8 not null,
    id             bigint not null,
    seal           bigint not null,
    rows           integer not null,     -- positions covered
    statement_rows bigint not null,      -- rows of the whole statement for this tenant
    statement_from bigint not null,      -- first position of the whole statement
    tenant         text not null
);

create unique index sealed_position on rowcast.sealed (tenant, position);

-- The tenants that the feed knows: those with changes and those that joined.
-- Positions up to the floor have been pruned.
create table rowcast.tenant (
    tenant      text primary key,
    floor       bigint not null default 0,
    floor_nonce bigint not null default 0
);

-- +goose Down
drop table rowcast.tenant;
drop table rowcast.sealed;
drop table rowcast.seal;
drop table rowcast.log;
drop sequence rowcast.log_id;
drop table rowcast.watched;
drop table rowcast.feed;
