-- Sessions of this database that have done nothing within a transaction for
-- longer than $1, and what PostgreSQL would do about it.
select case when count(*) > 0 then 'warn' when not pg_has_role(current_user, 'pg_read_all_stats', 'usage') then 'skip' else 'ok' end,
       case when count(*) = 0 and not pg_has_role(current_user, 'pg_read_all_stats', 'usage')
            then format('role %s sees only its own sessions; see more with: grant pg_read_all_stats to %1$I', current_user)
            when count(*) = 0 then 'no session is idle in a transaction for longer than ' || $1::interval
            else format('%s idle in a transaction, the oldest pid %s, role %s, application %s, for %s', count(*),
                        (array_agg(a.pid order by a.state_change))[1], (array_agg(a.usename order by a.state_change))[1],
                        (array_agg(a.application_name order by a.state_change))[1],
                        date_trunc('second', clock_timestamp() - min(a.state_change))) end,
       case when count(*) > 0 then format('alter database %I set idle_in_transaction_session_timeout = ''1min''', current_database()) end
  from pg_stat_activity a
 where a.datname = current_database() and a.state like 'idle in transaction%' and a.state_change < clock_timestamp() - $1::interval
