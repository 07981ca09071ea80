-- Tables that inherit from a watched table, and watched tables that inherit. It
-- fails if statements of writers do.
select case when count(i.watched) = 0 then 'ok' when bool_or(i.fails) then 'fail' else 'warn' end,
       case when count(i.watched) = 0 then 'statements on every table that a watched one inherits from or to are captured'
            else string_agg(i.table_name || ': ' || i.detail, '; ') end,
       null
  from rowcast.inheritance() i
