-- What operators do is written down: who paused capture, and what was replayed.

-- +goose Up

-- The sessions and transactions that asked for their changes not to be captured.
-- Kept for good: it is the reason why the log lacks them.
create table rowcast.pause (
    id           bigint generated always as identity primary key,
    token        text not null unique,   -- what the setting rowcast.pause of the session has to say
    role         text not null,          -- as which it ran, and as which it had connected
    session_role text not null,
    application  text not null,
    address      inet,                   -- null over a unix socket
    backend      integer not null,
    xid          xid8,                   -- the transaction it is for; null: the session
    reason       text not null,
    begun_at     timestamptz not null default clock_timestamp(),
    ended_at     timestamptz             -- when it was resumed, or found to be over
);

create index pause_open on rowcast.pause (backend) where ended_at is null;

-- The ranges that were sent again. In rowcast.log their rows have the op "r",
-- and only "after".
create table rowcast.replay (
    id            bigint generated always as identity primary key,
    tenant        text not null,
    from_position bigint not null,
    to_position   bigint not null,
    rows          bigint not null,
    bytes         bigint not null,
    role          text not null,
    application   text not null,
    address       inet,
    xid           xid8 not null,
    replayed_at   timestamptz not null default clock_timestamp()
);

-- +goose Down
drop table rowcast.replay;
drop table rowcast.pause;
