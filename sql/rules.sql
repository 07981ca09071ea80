-- The rules by which the server withholds events: their version, whether a table says for
-- whom its rows are, whether a policy is active and whether one is pending. The last is
-- the shape of the watched tables while a policy is active: a column that is renamed or
-- replaced changes nothing else.
select coalesce((select r.version from rowcast.rules r), 0),
       exists (select from rowcast.watched w where w.audience is not null),
       exists (select from rowcast.policy p where p.state = 'active'),
       exists (select from rowcast.policy p where p.state = 'pending'),
       case when exists (select from rowcast.policy p where p.state = 'active') then
           (select coalesce(md5(string_agg(concat_ws(' ', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attisdropped), ',' order by a.attrelid, a.attnum)), '')
              from rowcast.watched w
              join pg_attribute a on a.attrelid = case when w.xmin = w.written then w.relation else rowcast.relation_of(w.id) end
             where w.active and a.attnum > 0)
       else '' end
