-- Two tables that differ only in being watched, which comes next.
create table docs (id int primary key, tenant_id text not null, body text);
create table plain (like docs including all);
