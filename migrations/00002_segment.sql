-- The log gets segments, so that old changes go by dropping a table. First what
-- costs nothing on a log that is full: columns with constant defaults, and a
-- constraint that is not checked yet for the rows that are there.

-- +goose Up

-- Draws the numbers of statements. They are compared within a transaction only,
-- so sessions may draw them ahead. They start above the numbers given before.
-- The condition that draws one is evaluated with the rights of the writer.
create sequence rowcast.statement as bigint cache 100;
grant usage on sequence rowcast.statement to public;
select setval('rowcast.statement', nextval('rowcast.log_id') + 1000000);

alter table rowcast.log
    add column segment integer not null default 0, -- rowcast.segment.segment
    add column nested  bigint not null default 0,  -- drawn from log_id when a nested statement began, else 0
    add constraint log_segment check (segment = 0) not valid;

alter table rowcast.sealed
    add column segment integer not null default 0;

-- The parts of the log, one a table: rowcast.log_active is being written, the
-- others are rowcast.log_0, rowcast.log_1, ... Everything in a closed segment is
-- sealed or was rolled back. A free one is empty and will be opened again.
create table rowcast.segment (
    segment    integer primary key,
    opened_at  timestamptz,              -- null if it is free
    closed_at  timestamptz,              -- null if it is active or free
    last_place bigint                    -- newest place when it was closed
);

create unique index segment_active on rowcast.segment ((true)) where opened_at is not null and closed_at is null;

insert into rowcast.segment (segment, opened_at) values (0, clock_timestamp());

-- +goose Down
drop table rowcast.segment;
alter table rowcast.sealed drop column segment;
alter table rowcast.log drop constraint log_segment, drop column nested, drop column segment;
drop sequence rowcast.statement;
