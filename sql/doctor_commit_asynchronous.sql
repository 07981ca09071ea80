-- Whether commits wait for the disk. A seal always does.
select case when s.level = 'off' then 'warn' else 'ok' end,
       'synchronous_commit is ' || s.level,
       case when s.level = 'off' then format('alter database %I set synchronous_commit = on', current_database()) end
  from (select current_setting('synchronous_commit') as level) s
