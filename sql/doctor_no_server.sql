-- How many follow the feed: servers, and rowcast tail.
select case s.servers when 0 then 'warn' else 'ok' end,
       case s.servers when 0 then 'nobody follows the feed' else format('%s follow the feed', s.servers) end,
       null
  from rowcast.servers() s (servers)
