-- Of the watched table with id $1 its name, the stem of its events, and what there is to
-- note: what inheritance leaves out, and that rows are wide.
select format('%I.%I', w.table_schema, w.table_name), w.name, array(select i.detail from rowcast.inheritance(w.id) i union all select r.detail from rowcast.wide_rows(w.id) r)
  from rowcast.watched w where w.id = $1
