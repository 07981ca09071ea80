-- The version of PostgreSQL, against $1, which is like server_version_num.
select case when current_setting('server_version_num')::int < $1::int then 'fail' else 'ok' end,
       'PostgreSQL ' || current_setting('server_version'), null
