-- Where a tail starts: the feed and its newest seal, and the nonce of the seal that
-- gave place $1, null if there is none. The columns of an empty table are null.
select f.id, s.place, s.nonce,
       (select e.nonce from rowcast.sealed p join rowcast.seal e on e.seal = p.seal where p.place = $1::bigint)
  from (values (1)) one
  left join rowcast.feed f on true
  left join (select h.place, h.nonce from rowcast.seal h order by h.seal desc limit 1) s on true
