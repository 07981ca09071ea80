-- Whether this is a standby or a server that refuses to write.
select case when pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' then 'fail' else 'ok' end,
       case when pg_is_in_recovery() then 'the server is a standby'
            when current_setting('transaction_read_only') = 'on' then 'transactions are read-only by default'
            else 'the server takes writes' end, null
