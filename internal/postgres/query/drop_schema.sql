-- Leaves nothing in the database that speaks of the role that capture ran as, and drops
-- that role if no other database has it.
do $$
declare
    captured constant boolean := exists (
        select from pg_proc p join pg_roles r on r.oid = p.proowner
         where p.pronamespace = 'rowcast'::regnamespace::oid and r.rolname = 'rowcast_capture' and not r.rolcanlogin and not r.rolsuper);
begin
    drop schema rowcast cascade;
    if captured then
        begin
            drop owned by rowcast_capture;
        exception when insufficient_privilege or undefined_object then
            null;
        end;
        begin
            drop role rowcast_capture;
        exception when dependent_objects_still_exist or insufficient_privilege or undefined_object then
            null;
        end;
    end if;
end $$
