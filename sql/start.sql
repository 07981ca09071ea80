-- Where a tail starts: the identity of the feed and the newest seal, and the
-- nonce of the seal that gave place $1, null if there is none.
select f.id, s.place, s.nonce,
       (select e.nonce from rowcast.sealed p join rowcast.seal e on e.seal = p.seal where p.place = $1::bigint)
  from rowcast.feed f
 cross join (select h.place, h.nonce from rowcast.seal h order by h.seal desc limit 1) s
