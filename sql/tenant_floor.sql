-- Where the history of tenant $1 begins: the feed, the position up to which it
-- was pruned, 0 if nothing was, and the nonce of that position.
select f.id, coalesce(t.floor, 0), coalesce(t.floor_nonce, 0)
  from rowcast.feed f
  left join rowcast.tenant t on t.tenant = $1::text
