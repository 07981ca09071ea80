-- The sessions whose changes are left out now, because they asked for it.
select case when count(*) = 0 then 'ok' else 'warn' end,
       case when count(*) = 0 then 'no session pauses capture'
            else string_agg(format('pid %s pauses since %s: role %s, application %s, reason %s', p.backend,
                                   date_trunc('second', p.begun_at), p.role, p.application, p.reason), '; ' order by p.id) end,
       string_agg(format('select rowcast.resume(%s::bigint)', p.id), '; ' order by p.id)
  from rowcast.pauses() p where p.active
