-- Capture runs as a role of its own, which triggers/rights.sql makes and gives what
-- it needs at the end of each migration. That makes nothing that lasts but rights, so
-- there is something to do on the way down only.

-- +goose Up

-- +goose Down
-- +goose StatementBegin
do $$
begin
    perform rowcast.forget_capture();
exception when undefined_function then
    null;
end $$;
-- +goose StatementEnd
