-- policy_apply.sql: applies a policy, which says who sees what, from a file of this machine.
--
--     psql -X -f sql/policy_apply.sql -v file=policy.yaml
--
-- file  the file, in YAML or JSON; required
--
-- It is pending until a server has checked it, within a second. Then it is in force, or
-- refused, and sql/policy_list.sql says why; the one before stays in force meanwhile.
-- rowcast policy apply checks it at once.
--
-- Undo: apply the file before, or sql/policy_drop.sql.

\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\if :{?file}
\else
\set file ''
\endif
select :'file' = '' as missing \gset
\if :missing
do $$ begin raise exception 'which file? Give it with -v file=policy.yaml'; end $$;
\endif
\set document `cat -- :'file' 2>/dev/null`
select :'document' = '' as missing \gset
\if :missing
do $$ begin raise exception 'the file is empty, or cannot be read'; end $$;
\endif

select rowcast.apply_policy(:'document') as version \gset
\echo Policy :version is stored. A server checks it now; sql/policy_list.sql shows what becomes of it.
