-- Values of columns as the log writes them, null for one that is no value of its type.
select rowcast.written_values($1::oid[], $2::integer[], $3::text[])
