-- Checks the constraint of the step before, which reads the whole log. Writers
-- go on meanwhile.

-- +goose Up
alter table rowcast.log validate constraint log_segment;

-- +goose Down
select 1;
