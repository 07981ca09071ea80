-- The policy that was applied last, if it is not in force: it was refused, or nobody has
-- looked at it for a while.
select case when p.state = 'refused' or p.state = 'pending' and p.applied_at < clock_timestamp() - interval '10 seconds' then 'warn' else 'ok' end,
       case p.state when 'refused' then format('policy %s of %s was refused: %s', p.version, p.applied_by, left(p.reason, 500))
                    when 'pending' then format('policy %s of %s is pending since %s: no server has looked at it', p.version, p.applied_by, to_char(p.applied_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'))
                    when 'active' then format('policy %s of %s is in force', p.version, p.applied_by)
                    else 'there is no policy' end,
       case p.state when 'pending' then 'rowcast serve, or put it into force at once: rowcast policy apply <file>' end
  from (select 1) one left join lateral (select * from rowcast.policies() limit 1) p on true
