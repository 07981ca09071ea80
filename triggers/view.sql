-- What a view of the events needs of the database: values as the log writes them.

-- The text of values of columns as the log writes them, in JSON; null for one that is no
-- value of its type. A word such as "yesterday" is none: it means another time each day.
-- A type has an output function that a superuser made: what a cast
-- gives, no cast of anybody else is asked for. An enum has labels. Blanks at the end
-- are none of a character(n).
create or replace function rowcast.written_values(types oid[], modifiers integer[], texts text[]) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1 set datestyle = iso set intervalstyle = postgres set timezone = 'UTC'
as $$
declare
    written text[] := '{}';
    value text;
begin
    for i in 1 .. cardinality(texts) loop
        begin
            value := case case when texts[i] ~* '(now|today|tomorrow|yesterday)' and types[i] in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) then 0 else types[i] end
                when 'boolean'::regtype then to_json(texts[i]::boolean)
                when 'smallint'::regtype then to_json(texts[i]::smallint)
                when 'integer'::regtype then to_json(texts[i]::integer)
                when 'bigint'::regtype then to_json(texts[i]::bigint)
                when 'numeric'::regtype then to_json(texts[i]::numeric)
                when 'real'::regtype then to_json(texts[i]::real)
                when 'double precision'::regtype then to_json(texts[i]::double precision)
                when 'text'::regtype then to_json(texts[i])
                when 'character varying'::regtype then to_json(texts[i])
                when 'name'::regtype then to_json(texts[i])
                when 'character'::regtype then to_json(rpad(rtrim(texts[i], ' '), greatest(modifiers[i] - 4, length(rtrim(texts[i], ' ')))))
                when 'uuid'::regtype then to_json(texts[i]::uuid)
                when 'date'::regtype then to_json(texts[i]::date)
                when 'timestamp'::regtype then to_json(texts[i]::timestamp)
                when 'timestamptz'::regtype then to_json(texts[i]::timestamptz)
                else (select to_json(e.enumlabel::text) from pg_enum e where e.enumtypid = types[i] and e.enumlabel = texts[i]) end;
        exception when data_exception then
            value := null;
        end;
        written := written || value;
    end loop;
    return written;
end $$;
