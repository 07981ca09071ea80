-- Pairs of tables that differ only in being watched.
create table docs (id int primary key, tenant_id text not null, body text);
create table plain (like docs including all);
create table secrets (id int primary key, tenant_id text not null, body text, secret text);
create table plain_secrets (like secrets including all);
select rowcast.watch('docs', name => 'docs');
select rowcast.watch('secrets', name => 'secrets');
