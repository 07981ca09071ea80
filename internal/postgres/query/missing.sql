-- The tables and sequences that schema rowcast lacks in version $1, as a list. Each is as
-- old as the migration that made it.
select case when to_regclass('rowcast.feed') is not null and $1::bigint = 0 then 'the rows of rowcast.migration'
            else coalesce(string_agg('rowcast.' || t.name, ', ' order by t.name) filter (where t.version <= $1 and to_regclass('rowcast.' || t.name) is null), '') end
  from (values ('feed', 1), ('watched', 1), ('log_id', 1), ('seal', 1), ('sealed', 1), ('tenant', 1), ('log', 1), ('log_active', 2), ('segment', 2), ('statement', 2),
               ('pause', 4), ('replay', 4), ('revocation', 5), ('revocation_version', 5), ('queue', 7), ('queue_tenant', 7), ('queue_row', 7)) t (name, version)
