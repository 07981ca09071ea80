-- Why the log is not that of this database, null if it is: it was written
-- elsewhere, or a subscription brings that of another database.
select coalesce(
    (select format('subscription %s brings the log of another database into rowcast.%s; first take schema rowcast out of its publication, then run: alter subscription %s refresh publication',
                   string_agg(distinct s.subname, ', '), min(c.relname), string_agg(distinct quote_ident(s.subname), ', '))
       from pg_subscription_rel r
       join pg_subscription s on s.oid = r.srsubid
       join pg_class c on c.oid = r.srrelid
      where c.relnamespace = to_regnamespace('rowcast')
     having count(*) > 0),
    rowcast.foreign_log())
