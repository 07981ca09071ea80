-- Why the log is not that of this database, null if it is: it was written
-- elsewhere, or a subscription brings that of another database.
select coalesce(rowcast.subscribed_log(), rowcast.foreign_log())
