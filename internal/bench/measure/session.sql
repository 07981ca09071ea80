-- When this session and the whole server began.
select a.backend_start, pg_postmaster_start_time()
from pg_stat_activity a
where a.pid = pg_backend_pid()
