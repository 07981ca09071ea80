-- What operators ask of the database, as one row. It has the newest sealed sequence,
-- the number of servers and of rowcast tail, and how full the queue of NOTIFY is, from
-- 0 to 1. As JSON it has the watched tables, with what is wrong with their triggers,
-- the pauses of capture that go on, and the last ones of those that have ended.
select (select s.place from rowcast.seal s order by s.seal desc limit 1),
       rowcast.servers(),
       pg_notification_queue_usage(),
       (select coalesce(json_agg(json_strip_nulls(json_build_object(
                   'table', coalesce(d.table_name, w.relation::regclass::text), 'name', w.name, 'tenantColumn', w.tenant_column,
                   'readable', case when w.readable then true end,
                   'ok', d.watched is null,
                   'detail', d.detail))
                   order by coalesce(d.table_name, w.relation::regclass::text)), '[]')
          from rowcast.watched w left join rowcast.trigger_drift() d on d.watched = w.id
         where w.active),
       (select coalesce(json_agg(json_strip_nulls(json_build_object(
                   'role', p.role, 'application', p.application, 'address', host(p.address), 'reason', p.reason,
                   'begun', p.begun_at, 'ended', p.ended_at, 'active', p.active))), '[]')
          from (select p.* from rowcast.pauses() p order by not p.active, p.id desc limit 20) p)
