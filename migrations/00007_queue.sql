-- Seals in bounded pieces: a transaction that is too large for one seal gets its
-- places bit by bit, and only its own tenants wait for it. A sealed row says in
-- which segment of the log its rows are.

-- +goose Up

-- The transactions that a seal has found and that have not got all of their
-- places, in their order.
create table rowcast.queue (
    turn   bigint primary key,
    xid    xid8 not null,
    large  boolean not null,               -- gets its places in pieces
    known  boolean not null default false, -- its tenants are in rowcast.queue_tenant
    copied bigint not null default 0,      -- the log id up to which its rows are in rowcast.queue_row
    whole  boolean not null default false  -- all of them are
);

-- The tenants that have to wait for a transaction of the queue.
create table rowcast.queue_tenant (
    tenant text not null,
    turn   bigint not null,
    primary key (tenant, turn)
);

-- The log rows of large transactions, in the order in which they get places: the
-- tenants of a statement one after the other.
create table rowcast.queue_row (
    turn    bigint not null,
    begun   bigint not null,
    part    bigint not null,
    tenant  text not null,
    rank    smallint not null,             -- of the operation: deletes first, inserts last
    id      bigint not null,
    watched integer not null,
    rows    integer not null,
    primary key (turn, begun, part, tenant, rank, id)
);

alter table rowcast.sealed add column segment integer; -- null: sealed by an earlier version

-- When somebody joined the tenant, or changed something in it, or was still
-- connected, to within an hour. A tenant of whom nothing is kept and nothing is
-- heard is forgotten.
alter table rowcast.tenant add column seen_at timestamptz not null default now();
create index tenant_seen on rowcast.tenant (seen_at);

-- +goose Down
alter table rowcast.tenant drop column seen_at;
alter table rowcast.sealed drop column segment;
drop table rowcast.queue_row, rowcast.queue_tenant, rowcast.queue cascade; -- functions know their types
