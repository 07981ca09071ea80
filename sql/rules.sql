-- The version of the rules by which the server withholds events, and whether there are any.
select coalesce((select r.version from rowcast.rules r), 0),
       exists (select from rowcast.watched w where w.audience is not null)
