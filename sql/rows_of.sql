-- What there is to know of the table with stem $1 to read its rows for tenant $2: see
-- rowcast.rows_of. Then the cursor of the tenant in this snapshot, the snapshot, and the
-- version of the rules. None if there is no such table.
select r.*, c.cursor, c.snapshot::text, coalesce((select v.version from rowcast.rules v), 0)
  from rowcast.rows_of($1::text, $2::text, quote_ident(current_user)::regrole) r
 cross join rowcast.cursor($2::text) c
 limit 1
