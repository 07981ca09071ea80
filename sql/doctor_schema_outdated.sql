-- The version of schema rowcast against $1, the newest that this program knows.
select case when v.version = $1::bigint then 'ok' when v.version > $1 then 'warn' else 'fail' end,
       format('schema version %s, the program knows %s', v.version, $1),
       case when v.version > $1 then 'install the newer program that migrated the database' end
  from (select coalesce(max(m.version_id), 0) as version from rowcast.migration m where m.is_applied) v
