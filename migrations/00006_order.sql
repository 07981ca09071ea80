-- The order of statements within a transaction: numbers of statements come in
-- threes, as triggers/statement.sql tells, and a statement can have parts.

-- +goose Up

-- A block of numbers that a session draws ahead begins with the first of three.
alter sequence rowcast.statement cache 300;
select setval('rowcast.statement', (nextval('rowcast.statement') / 300 + 1) * 300);

-- It was the number of a nested statement.
alter table rowcast.log rename column nested to part; -- what is told later than its statement has a part of its own

-- Of a statement that was captured while others were open: its number, the three
-- clocks of its table and the epoch when it began, as triggers/statement.sql tells,
-- 1, 2 or 3 for its operation, and which of its rows these are, if they are many.
alter table rowcast.log add column origin bigint[];

-- +goose Down
-- Functions that know the sequences.
drop function if exists rowcast.ordinary(), rowcast.next_statement(), rowcast.next_part() cascade;
alter table rowcast.log drop column origin;
alter table rowcast.log rename column part to nested;
alter sequence rowcast.statement cache 100;
