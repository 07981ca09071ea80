-- Removes the schema {schema} of a benchmark with its tables, which are watched no more.
select rowcast.unwatch(c.oid::regclass)
from pg_class c
where c.relnamespace = '{schema}'::regnamespace and c.relkind = 'r';

drop schema {schema} cascade;
