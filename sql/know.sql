-- Notes that these tenants are heard of: a truncate from then on reaches them. A tenant
-- that was noted within the hour is not again: even to look again would write.
select rowcast.know(t)
  from unnest($1::text[]) t
 where not exists (select from rowcast.tenant k where k.tenant = t and k.seen_at >= now() - interval '1 hour')
