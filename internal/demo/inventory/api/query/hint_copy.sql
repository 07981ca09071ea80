-- Takes the rows of hint_copy_rows.sql.
copy stock_movements (tenant_id, sku_id, movement_type, quantity, reason) from stdin;
