-- Pruning: forgets sealed changes older than the retention. Only whole seals
-- go, oldest first, a bounded number at a time, so that no statement runs
-- long. A change that is not sealed is never touched, however old its
-- transaction is. The floor of a tenant says up to which position its history
-- is gone; it is committed together with the deletion. Returns how many places
-- were pruned; 0 means that nothing is left to do.
create or replace function rowcast.prune(retention interval, batch bigint default 5000) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    last_seal bigint;
    last_place bigint;
    pruned bigint;
begin
    if not pg_try_advisory_xact_lock(8245940711459091460) then
        return 0;
    end if;
    -- The newest seal stays: it is the head.
    select s.seal, s.place into last_seal, last_place
      from rowcast.seal s
     where s.sealed_at < clock_timestamp() - retention
       and s.seal < (select max(h.seal) from rowcast.seal h)
       and s.place < coalesce((select min(p.place) from rowcast.sealed p), 0) + batch
     order by s.seal desc limit 1;
    if last_seal is null then
        -- One seal may hold more places than a batch.
        select s.seal, s.place into last_seal, last_place
          from rowcast.seal s
         where s.sealed_at < clock_timestamp() - retention
           and s.seal < (select max(h.seal) from rowcast.seal h)
         order by s.seal limit 1;
    end if;
    if last_seal is null then
        return 0;
    end if;
    update rowcast.tenant t
       set floor = newest.position, floor_nonce = newest.nonce
      from (select distinct on (p.tenant) p.tenant, p.position, e.nonce
              from rowcast.sealed p join rowcast.seal e on e.seal = p.seal
             where p.place <= last_place
             order by p.tenant, p.position desc) newest
     where t.tenant = newest.tenant;
    with gone as (
        delete from rowcast.sealed p where p.place <= last_place returning p.xid, p.id
    ), forgotten as (
        delete from rowcast.log l using (select distinct g.xid, g.id from gone g) g
         where l.xid = g.xid and l.id = g.id
    )
    select count(*) into pruned from gone;
    delete from rowcast.seal s where s.seal <= last_seal;
    return greatest(pruned, 1);
end $$;
