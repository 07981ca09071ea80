-- How far tenant $1 had come at place $2: the feed, the position and its
-- nonce. A tenant without changes is at its floor, or at 0.
select f.id, coalesce(h.position, t.floor, 0), coalesce(h.nonce, t.floor_nonce, 0)
  from rowcast.feed f
  left join rowcast.tenant t on t.tenant = $1::text
  left join lateral (
           select s.position, e.nonce
             from rowcast.sealed s join rowcast.seal e on e.seal = s.seal
            where s.tenant = $1::text and s.place <= $2::bigint
            order by s.position desc limit 1) h on true
