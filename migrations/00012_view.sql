-- For whom a row is, and the rules by which the server withholds events.

-- +goose Up

-- The column that says for whom a row is; null if rows are for the whole tenant.
alter table rowcast.watched add column audience text;

-- The version of the rules: another one as soon as they are others. What reads changes
-- reads it in the same statement, and follows the rules before it sends them.
create table rowcast.rules (
    one     boolean primary key default true check (one), -- there is one row
    version bigint not null
);
insert into rowcast.rules (version) values (0);

-- +goose Down
drop table rowcast.rules;
alter table rowcast.watched drop column audience;
