-- Notes that these tenants are heard of: a truncate from then on reaches them.
select rowcast.know(t) from unnest($1::text[]) t
