-- Announces a server: it shares the lock $1. The server of the database is to notice soon
-- that the machine of a leader is gone; over a unix socket the settings mean nothing.
select set_config('tcp_keepalives_idle', '5', false) || set_config('tcp_keepalives_interval', '2', false)
    || set_config('tcp_keepalives_count', '3', false) <> '' from pg_advisory_lock_shared($1)
