-- The watched tables that there are.
select w.id, c.oid::regclass::text from rowcast.watched w join pg_class c on c.oid = rowcast.relation_of(w.id)
 where w.active order by w.id
