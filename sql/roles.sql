-- roles.sql: makes an owner without login for schema rowcast, and the role to serve as.
--
--     psql -X -f sql/roles.sql -v owner=feed_owner -v service=feed
--
-- owner    the role that is to own schema rowcast; default rowcast_owner
-- service  the role that "rowcast serve" and "rowcast tail" connect as; default rowcast_service
-- ends     yes: the service role may also see and end the sessions of other roles, as
--          "rowcast doctor" advises; default no. It names who holds a lock either way
--
-- Run it after rowcast migrate, as the role that ran that: a superuser, or one
-- that may create roles. A second time it changes nothing. The service role has no
-- password: give it one with \password. Later migrations keep the rights up to
-- date. Applications keep their roles: they need no right on schema rowcast.
-- The functions that triggers call stay with the role rowcast_capture, which the
-- migration has made; if that could not, they go to the owner as well.
--
-- Undo: select rowcast.hand_over(current_user::regrole), as the role that is to own
-- it again; then drop owned by rowcast_service, rowcast_owner, and the two roles.

\set ON_ERROR_STOP on
\if :{?owner}
\else
    \set owner rowcast_owner
\endif
\if :{?service}
\else
    \set service rowcast_service
\endif
\if :{?ends}
\else
    \set ends no
\endif

begin;
set local lock_timeout = '2s';
select format('create role %I nologin', :'owner') where not exists (select from pg_roles where rolname = :'owner') \gexec
select format('create role %I login noinherit', :'service') where not exists (select from pg_roles where rolname = :'service') \gexec
-- A role that is no superuser has to be a member of the owner to hand something over,
-- and the owner may need the right to have a schema.
select format('grant %I to %I', :'owner', current_user), format('grant create on database %I to %I', current_database(), :'owner')
 where not (select rolsuper from pg_roles where rolname = current_user) \gexec
select format('grant connect on database %I to %I', current_database(), :'service') \gexec
select rowcast.hand_over(quote_ident(:'owner')::regrole);
select rowcast.grant_service(quote_ident(:'service')::regrole);
select format('alter role %I inherit', :'service'), format('grant pg_read_all_stats, pg_signal_backend to %I', :'service')
 where :'ends' = 'yes' \gexec
commit;
