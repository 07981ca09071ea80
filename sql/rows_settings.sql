-- The settings of a transaction that reads rows as capture writes them. A table whose rows
-- would be hidden is an error. $1 is when a statement ends, in milliseconds.
select set_config(s.name, s.value, true)
  from (values ('row_security', 'off'), ('search_path', 'pg_catalog, pg_temp'), ('TimeZone', 'UTC'), ('DateStyle', 'ISO, MDY'), ('IntervalStyle', 'postgres'),
               ('bytea_output', 'hex'), ('extra_float_digits', '1'), ('lc_monetary', 'C'), ('quote_all_identifiers', 'off'),
               ('statement_timeout', $1::text), ('idle_in_transaction_session_timeout', $1::text), ('lock_timeout', '5000'),
               ('enable_seqscan', 'on'), ('plan_cache_mode', 'force_custom_plan')) s (name, value)
