-- Whether the log belongs to the database that it is in, and is written by it
-- alone; see foreign_log.sql.
select case when own.reason is null then 'ok' else 'fail' end,
       coalesce(own.reason, (select format('feed %s, begun %s', f.id, to_char(f.created_at at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"'))
                               from rowcast.feed f)),
       null
  from (select coalesce(
            (select format('subscription %s brings the log of another database into rowcast.%s; first take schema rowcast out of its publication, then run: alter subscription %s refresh publication',
                           string_agg(distinct s.subname, ', '), min(c.relname), string_agg(distinct quote_ident(s.subname), ', '))
               from pg_subscription_rel r
               join pg_subscription s on s.oid = r.srsubid
               join pg_class c on c.oid = r.srrelid
              where c.relnamespace = to_regnamespace('rowcast')
             having count(*) > 0),
            rowcast.foreign_log()) as reason) own
