-- lag.sql: shows how far the feed is behind what was committed.
--
--     psql -X -f sql/lag.sql
--
-- behind is the age of the oldest change that has been committed and not been
-- sealed; a few milliseconds are usual. Without a leader nothing is sealed, and
-- nothing is lost. How far each server is behind the head says its /status.
--
-- Undo: nothing to undo; it reads.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never

with head as (
    select s.seal, s.place, s.snapshot, s.sealed_at from rowcast.seal s order by s.seal desc limit 1
)
select h.place as head, h.sealed_at as last_seal, u.rows as unsealed_rows, coalesce(clock_timestamp() - u.oldest, '0') as behind,
       exists (select from rowcast.lock_holders() l where l.lock = 'leader' and l.granted) as leader,
       rowcast.servers() as servers,
       exists (select from rowcast.lock_holders() l where l.lock = 'sleep' and l.mode = 'ExclusiveLock' and l.granted) as asleep
  from head h cross join (select coalesce(sum(u.rows), 0) as rows, min(u.at) as oldest from rowcast.unsealed() u) u;
