-- Whether a crash of the machine may lose or tear what was committed.
select case when count(*) = 0 then 'ok' else 'fail' end,
       case when count(*) = 0 then 'fsync and full_page_writes are on' else string_agg(g.name || ' is off', ', ' order by g.name) end,
       string_agg(format('alter system set %s = on; select pg_reload_conf()', g.name), '; ' order by g.name)
  from pg_settings g where g.name in ('fsync', 'full_page_writes') and g.setting = 'off'
