-- Roles of least privilege: an owner without login, to which schema rowcast is
-- handed over, and the role that "rowcast serve" and "rowcast tail" connect as.
-- Applications keep their roles: they need no right on schema rowcast, and must
-- not be given any.
--
--     psql -X -f sql/roles.sql                                     after rowcast migrate
--     psql -X -f sql/roles.sql -v owner=feed_owner -v service=feed
--
-- Run it as the role that runs "rowcast migrate", a superuser or one that may
-- create roles. A second time it changes nothing. The service role has no
-- password: give it one with \password. Later migrations keep the rights up to
-- date by themselves.
--
-- To undo it, as the role that is to own schema rowcast again:
--     select rowcast.hand_over(current_user::regrole);
--     drop owned by rowcast_service, rowcast_owner; drop role rowcast_service, rowcast_owner;

\set ON_ERROR_STOP on
\if :{?owner}
\else
    \set owner rowcast_owner
\endif
\if :{?service}
\else
    \set service rowcast_service
\endif

begin;
set local lock_timeout = '2s';
select format('create role %I nologin', :'owner') where not exists (select from pg_roles where rolname = :'owner') \gexec
select format('create role %I login noinherit', :'service') where not exists (select from pg_roles where rolname = :'service') \gexec
-- Who is no superuser has to be a member of the owner to hand something over,
-- and the owner may need the right to have a schema.
select format('grant %I to %I', :'owner', current_user), format('grant create on database %I to %I', current_database(), :'owner')
 where not (select rolsuper from pg_roles where rolname = current_user) \gexec
select format('grant connect on database %I to %I', current_database(), :'service') \gexec
select rowcast.hand_over(quote_ident(:'owner')::regrole);
select rowcast.grant_service(quote_ident(:'service')::regrole);
commit;
