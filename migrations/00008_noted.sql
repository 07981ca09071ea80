-- A large transaction notes its tenants itself, so that others wait for no walk over
-- its rows.

-- +goose Up

-- The tenants that have to wait for a transaction: written by it once it is large,
-- and completed when it is found.
drop table rowcast.queue_tenant;
create table rowcast.queue_tenant (
    tenant text not null,
    xid    xid8 not null,
    primary key (tenant, xid)
);
create index queue_tenant_xid on rowcast.queue_tenant (xid);
update rowcast.queue set known = false;

-- Up to which log row a transaction has noted its tenants.
create table rowcast.noted (
    xid xid8 primary key,
    id  bigint not null
);

create index queue_xid on rowcast.queue (xid);
alter table rowcast.queue add column reached bigint not null default 0; -- its statements before this one have all their places
alter table rowcast.queue add column passed_at timestamptz; -- when others were sealed before it

-- +goose Down
-- Functions that know the sequence of statements.
drop function if exists rowcast.time_to_note(bigint), rowcast.is_due(bigint) cascade;
alter table rowcast.queue drop column reached, drop column passed_at;
drop index rowcast.queue_xid;
drop table rowcast.noted, rowcast.queue_tenant;
create table rowcast.queue_tenant (
    tenant text not null,
    turn   bigint not null,
    primary key (tenant, turn)
);
update rowcast.queue set known = false;
