-- How many rows of {table} were inserted, updated or deleted since it was
-- filled, and how many changes are in the log.
select format('changed %s, logged %s',
    (select abs(2000 - count(*) filter (where t.body = 'body')) + count(*) filter (where t.id > 2000) from {table} t),
    (select coalesce(sum(u.rows), 0) from rowcast.unsealed() u)) as facts
