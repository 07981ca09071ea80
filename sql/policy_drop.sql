-- policy_drop.sql: ends the policy, so that no role withholds anything any more.
--
--     psql -X -f sql/policy_drop.sql
--
-- Every member of a tenant then sees all of its rows, within a second.
--
-- Undo: sql/policy_apply.sql with the file; rowcast policy show prints it before.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never

select rowcast.drop_policy() as dropped \gset
\if :dropped
\echo No policy is in force any more.
\else
\echo There was no policy: nothing to do.
\endif
