-- Whether the log belongs to the database that it is in, and is written by it
-- alone.
select case when own.reason is null then 'ok' else 'fail' end,
       coalesce(own.reason, (select format('feed %s, begun %s', f.id, to_char(f.created_at at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"'))
                               from rowcast.feed f)),
       null
  from (select coalesce(rowcast.subscribed_log(), rowcast.foreign_log()) as reason) own
