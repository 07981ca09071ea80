-- Seals, and makes the commit wait for the disk, whatever the default of the database
-- is. A stronger default stays.
select set_config('synchronous_commit', case s.now when 'off' then 'on' else s.now end, true), rowcast.seal()
  from (select current_setting('synchronous_commit') as now) s
