-- The settings that decide what a commit costs.
select array_agg(s.name || '=' || current_setting(s.name) order by s.name)
from pg_settings s
where s.name = any (array['fsync', 'synchronous_commit', 'full_page_writes', 'commit_delay', 'commit_siblings', 'shared_buffers',
    'wal_level', 'wal_sync_method', 'max_wal_size', 'max_connections', 'autovacuum', 'jit']);
