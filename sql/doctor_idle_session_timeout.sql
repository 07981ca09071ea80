-- Whether PostgreSQL ends sessions that only listen.
select case when g.setting = '0' then 'ok' else 'warn' end,
       case when g.setting = '0' then 'idle_session_timeout is off' else format('idle_session_timeout is %s ms', g.setting) end,
       case when g.setting <> '0' then format('alter role %I set idle_session_timeout = 0', current_user) end
  from pg_settings g where g.name = 'idle_session_timeout'
