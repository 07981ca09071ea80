-- The log becomes the first segment of a partitioned table. The constraint that
-- was checked saves reading it again. Writers name the active segment, so that
-- they take no part in what is done to the others.

-- +goose Up
alter table rowcast.log rename to log_active;
alter index rowcast.log_pkey rename to log_active_pkey;

create table rowcast.log (like rowcast.log_active including defaults) partition by list (segment);
alter table rowcast.log attach partition rowcast.log_active for values in (0);
alter table rowcast.log_active drop constraint log_segment;

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

-- +goose Down
-- Closed segments go with the partitioned table.
alter table rowcast.log detach partition rowcast.log_active;
drop table rowcast.log;
alter table rowcast.log_active rename to log;
alter index rowcast.log_active_pkey rename to log_pkey;
alter table rowcast.log add constraint log_segment check (segment = 0) not valid;
