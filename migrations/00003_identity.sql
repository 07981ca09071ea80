-- Which database the feed belongs to, as rowcast.identity() tells it. Null until
-- the functions are installed.

-- +goose Up
alter table rowcast.feed add column identity text;

-- +goose Down
alter table rowcast.feed drop column identity;
