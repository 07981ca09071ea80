-- How many changes of the tenants of the benchmark have their positions.
select coalesce(sum(s.rows), 0)
from rowcast.sealed s
where s.tenant like 'rowcast-bench-%' or s.tenant like '0be9c000-0000-4000-8000-%';
