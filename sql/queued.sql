-- Whether a seal has left something to the next one.
select exists (select from rowcast.queue)
