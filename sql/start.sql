-- Where a tail starts: the feed and its newest seal, the nonce of the seal that
-- gave place $1, null if there is none, and why the log does not belong to this
-- database, null if it does. The columns of an empty table are null.
select f.id, s.place, s.nonce,
       (select e.nonce from rowcast.sealed p join rowcast.seal e on e.seal = p.seal where p.place = $1::bigint),
       own.reason
  from (select rowcast.foreign_log() as reason) own
  left join rowcast.feed f on true
  left join (select h.place, h.nonce from rowcast.seal h order by h.seal desc limit 1) s on true
