-- Empties the watched table. A TRUNCATE concerns every tenant of the feed, so this one
-- is not captured; nobody else ever sees the trigger disabled.
begin;
alter table rowcast_bench.{table} disable trigger rowcast_truncate;
truncate rowcast_bench.{table};
alter table rowcast_bench.{table} enable always trigger rowcast_truncate;
commit;
