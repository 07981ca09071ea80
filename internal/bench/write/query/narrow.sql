-- The least work that a row can be, so that a trigger weighs the most.
create table rowcast_bench.{table} (
    id        bigint primary key,
    tenant_id text   not null,
    body      text   not null
) with (autovacuum_enabled = false);
