-- What a cursor of tenant $1 at position $2 is checked against: the feed, the
-- floor of the tenant with its nonce, and the nonce of the seal that covers
-- the position, null if it is beyond the head.
select f.id, coalesce(t.floor, 0), coalesce(t.floor_nonce, 0),
       (select e.nonce
          from rowcast.sealed s join rowcast.seal e on e.seal = s.seal
         where s.tenant = $1::text and s.position >= $2::bigint
         order by s.position limit 1)
  from rowcast.feed f
  left join rowcast.tenant t on t.tenant = $1::text
