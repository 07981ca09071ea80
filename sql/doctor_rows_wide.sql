-- Watched tables with wide rows.
select case when count(*) = 0 then 'ok' else 'warn' end,
       case when count(*) = 0 then 'no watched table has wide rows' else string_agg(r.table_name || ': ' || r.detail, '; ') end,
       null
  from rowcast.wide_rows() r
