-- policy_list.sql: shows the policies that were applied, and what has become of each.
--
--     psql -X -f sql/policy_list.sql
--
-- Undo: nothing to undo; it only looks at what there is.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never

select p.version, p.state, p.applied_by, p.applied_at, p.settled_by, p.settled_at, p.reason from rowcast.policies() p;
