-- The files that table $1 has now, whatever the snapshot has.
select rowcast.present_files_of($1::oid)
