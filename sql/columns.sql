-- The columns that the log has of each watched table, in the order of the table: the stem
-- of the events, the name of the column, and its type. The type is there as it is written,
-- and, of a domain the type below, as a number and a modifier. The last is how values
-- compare: "text", "number", "time", "alike" for those that are equal or not, or "other".
with recursive columns (stem, number, name, shown, type, modifier) as (
    select w.name, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid, a.atttypmod
      from rowcast.watched w join pg_attribute a on a.attrelid = case when w.xmin = w.written then w.relation else rowcast.relation_of(w.id) end
     where w.active and a.attnum > 0 and not a.attisdropped and a.attname <> all (w.exclude)
    union all
    select c.stem, c.number, c.name, c.shown, t.typbasetype, t.typtypmod
      from columns c join pg_type t on t.oid = c.type and t.typtype = 'd')
select c.stem, c.name, c.shown, c.type, c.modifier,
       case when c.type in ('text'::regtype, 'character varying'::regtype, 'character'::regtype, 'name'::regtype) then 'text'
            when c.type in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype, 'real'::regtype, 'double precision'::regtype) then 'number'
            when c.type in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) then 'time'
            when c.type in ('boolean'::regtype, 'uuid'::regtype) or t.typtype = 'e' then 'alike'
            else 'other' end
  from columns c join pg_type t on t.oid = c.type
 where t.typtype <> 'd'
 order by c.stem, c.number
