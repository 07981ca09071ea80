-- Every table that the log may speak of.
select w.id, w.table_name, w.name from rowcast.watched w
