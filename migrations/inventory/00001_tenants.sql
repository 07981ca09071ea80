-- +goose Up

-- A tenant is one business that uses the application. Every other table names
-- its tenant in tenant_id.
create table public.tenants (
    id         uuid        primary key default gen_random_uuid(),
    slug       text        not null,
    name       text        not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint tenants_slug_key      unique (slug),
    constraint tenants_slug_format   check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    constraint tenants_name_not_empty check (name <> '')
);

-- The people who work for a tenant. unique (tenant_id, id), here and below, is
-- the target of foreign keys that must stay within the tenant.
create table public.users (
    id         uuid        primary key default gen_random_uuid(),
    tenant_id  uuid        not null references public.tenants (id),
    name       text        not null,
    email      text        not null,
    role       text        not null default 'clerk',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint users_tenant_id_id_key    unique (tenant_id, id),
    constraint users_tenant_id_email_key unique (tenant_id, email),
    constraint users_name_not_empty      check (name <> ''),
    constraint users_email_lower_case    check (email = lower(email)),
    constraint users_role_known          check (role in ('owner', 'manager', 'clerk', 'viewer'))
);

-- Keeps updated_at. The triggers call it only for rows that really change, so
-- that an update without effect stays one.
-- +goose StatementBegin
create function public.touch_updated_at() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    new.updated_at := now();
    return new;
end
$$;
-- +goose StatementEnd

create trigger tenants_touch
    before update on public.tenants
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

create trigger users_touch
    before update on public.users
    for each row when (old.* is distinct from new.*)
    execute function public.touch_updated_at();

-- +goose Down

drop table public.users;
drop table public.tenants;
drop function public.touch_updated_at();
