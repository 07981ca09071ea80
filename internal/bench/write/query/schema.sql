-- What every shape of table needs.
create schema rowcast_bench;

create sequence rowcast_bench.order_numbers start with 2001;

create table rowcast_bench.tenants (
    id   uuid primary key,
    slug text not null unique
);

-- The same tenants in every run, so that the feed knows no more of them.
insert into rowcast_bench.tenants (id, slug)
select ('0be9c000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'rowcast-bench-' || n
  from generate_series(1, 50) n;

-- The usual way to send others a change: a notification with the row.
create function rowcast_bench.notify() returns trigger
language plpgsql as $$
begin
    perform pg_notify('rowcast_bench', row_to_json(new)::text);
    return null;
end $$;
