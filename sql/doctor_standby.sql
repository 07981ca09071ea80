-- Whether this is a standby. A default of read-only transactions does not matter:
-- the sessions of the program begin theirs otherwise.
select case when pg_is_in_recovery() then 'fail' else 'ok' end,
       case when pg_is_in_recovery() then 'the server is a standby' else 'the server takes writes' end, null
