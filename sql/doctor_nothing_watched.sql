-- The tables that are captured.
select case when count(*) = 0 then 'warn' else 'ok' end,
       case when count(*) = 0 then 'no table is watched'
            else format('%s watched: %s', count(*), string_agg(w.table_name, ', ' order by w.table_name)) end,
       null
  from rowcast.watched w where w.active
