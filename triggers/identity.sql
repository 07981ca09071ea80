-- Identity: a log belongs to the database it was written in. The seal compares numbers
-- of transactions, which mean nothing elsewhere: in a database restored from a dump,
-- made from a template or upgraded to another major version, old numbers would hide new
-- changes, or new ones bring back old changes. Such a log is not sealed any more until
-- a new feed is begun. A data directory that was copied or restored whole is the same
-- database; there the nonces of the seals show that history was rewritten.

-- The database, as its cluster and its number in it. Where the cluster may not
-- be asked for its number, the database alone has to do.
create or replace function rowcast.identity() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    own constant oid := (select d.oid from pg_database d where d.datname = current_database());
begin
    return (select c.system_identifier from pg_control_system() c) || '/' || own;
exception when insufficient_privilege or undefined_function then
    return '/' || own;
end $$;

-- Why the log does not belong to this database, null if it does.
create or replace function rowcast.foreign_log() returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select case when f.id is null then 'rowcast.feed is empty'
                when f.identity <> rowcast.identity()
                then format('it was written in database %s, this is %s', f.identity, rowcast.identity())
                when head.snapshot is null then 'rowcast.seal is empty'
                when pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(head.snapshot)
                then format('it knows transaction %s, the newest here is %s',
                            pg_snapshot_xmax(head.snapshot), pg_snapshot_xmax(pg_current_snapshot())) end
      from (values (1)) one
      left join rowcast.feed f on true
      left join (select s.snapshot from rowcast.seal s order by s.seal desc limit 1) head on true
$$;

-- Which subscription brings the log of another database here, and what ends that;
-- null if none does.
create or replace function rowcast.subscribed_log() returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select format('subscription %s brings the log of another database into rowcast.%s; first take schema rowcast out of its publication, then run: alter subscription %s refresh publication',
                  string_agg(distinct s.subname, ', '), min(c.relname), string_agg(distinct quote_ident(s.subname), ', '))
      from pg_subscription_rel r
      join pg_subscription s on s.oid = r.srsubid
      join pg_class c on c.oid = r.srrelid
     where c.relnamespace = to_regnamespace('rowcast')
    having count(*) > 0
$$;

-- Begins a new feed: forgets the log, and every client has to reload. What is watched
-- stays. Writers wait until it has ended, so that no change falls between the feeds.
-- Returns the id of the new one.
create or replace function rowcast.new_feed() returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    part regclass;
    new_id constant text := substr(replace(gen_random_uuid()::text, '-', ''), 1, 12);
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'new_feed has to be the first statement of its transaction that writes'
            using errcode = 'active_sql_transaction', hint = 'What the transaction wrote would be in neither feed. Commit first.';
    end if;
    lock table rowcast.log_active in exclusive mode;
    perform pg_advisory_xact_lock(rowcast.lock_number('seal')); -- nobody is sealing
    for part in select i.inhrelid from pg_inherits i where i.inhparent = 'rowcast.log'::regclass loop
        execute format('truncate %s', part);
    end loop;
    truncate rowcast.sealed, rowcast.seal, rowcast.tenant, rowcast.feed, rowcast.queue, rowcast.queue_tenant,
        rowcast.queue_row, rowcast.noted;
    update rowcast.segment s set opened_at = case when s.closed_at is null and s.opened_at is not null then clock_timestamp() end,
                                 closed_at = null, last_place = null;
    insert into rowcast.feed (id, identity) values (new_id, rowcast.identity());
    insert into rowcast.seal (seal, place, snapshot, nonce) values (0, 0, pg_current_snapshot(), 0);
    return new_id;
end $$;

update rowcast.feed set identity = rowcast.identity() where identity is null;
