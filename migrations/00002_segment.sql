-- The log gets segments, so that old changes go by emptying a table. Nothing
-- here depends on how much the log holds.

-- +goose Up

-- Draws the numbers of statements. They are compared within a transaction only,
-- so sessions may draw them ahead. They start above the numbers given before.
-- The condition that draws one is evaluated with the rights of the writer.
create sequence rowcast.statement as bigint cache 100;
grant usage on sequence rowcast.statement to public;
select setval('rowcast.statement', nextval('rowcast.log_id') + 1000000);

alter table rowcast.log
    add column nested bigint not null default 0; -- drawn from log_id when a nested statement began, else 0

-- rowcast.log_active is what writers append to. rowcast.log is empty itself and
-- stands for all segments, which inherit from it: unlike a partition, a child
-- has no constraint that each writer would have to check.
alter table rowcast.log rename to log_active;
alter index rowcast.log_pkey rename to log_active_pkey;
create table rowcast.log (like rowcast.log_active including defaults including indexes);
alter table rowcast.log_active inherit rowcast.log;

-- Nothing is ever updated or deleted here, and the table is emptied whole.
alter table rowcast.log_active set (autovacuum_vacuum_insert_threshold = -1);

-- Where the server has it: a third of the time, for chunks of many rows.
-- +goose StatementBegin
do $$ begin
    alter table rowcast.log_active alter column after set compression lz4, alter column before set compression lz4;
exception when feature_not_supported or invalid_parameter_value then
    null;
end $$;
-- +goose StatementEnd

-- The parts of the log, one a table: the active one, and rowcast.log_0,
-- rowcast.log_1, ... Everything in a closed segment is sealed or was rolled
-- back. A free one is empty and will be opened again.
create table rowcast.segment (
    segment    integer primary key,
    opened_at  timestamptz,              -- null if it is free
    closed_at  timestamptz,              -- null if it is active or free
    last_place bigint                    -- newest place when it was closed
);

create unique index segment_active on rowcast.segment ((true)) where opened_at is not null and closed_at is null;

insert into rowcast.segment (segment, opened_at) values (0, clock_timestamp());

-- +goose Down
-- Closed segments go.
drop table rowcast.segment;
alter table rowcast.log_active no inherit rowcast.log;
drop table rowcast.log cascade;
alter table rowcast.log_active rename to log;
alter index rowcast.log_active_pkey rename to log_pkey;
alter table rowcast.log drop column nested;
drop sequence rowcast.statement;
