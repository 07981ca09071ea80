-- From here on a table may have capture functions of its own, which triggers/named.sql
-- makes, and the log may tell that an order is not known, with the op "o". The number
-- keeps an earlier program from putting back what does not know of them.

-- +goose Up
select 1;

-- +goose Down
select 1;
