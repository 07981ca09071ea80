package triggers_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

// oddTypes make the types of odd values.
var oddTypes = []string{
	`create type pair as (a int, b text)`, `create type mood as enum ('ok', 'not ok')`, `create domain small as int check (value < 100)`,
}

// odd are columns, what is written to them, and how the log must have it.
var odd = []struct{ column, kind, literal, json string }{
	{`"i"`, "float8", `0.1::float8 + 0.2::float8`, `0.30000000000000004`},
	{`"r"`, "float8", `'NaN'`, `"NaN"`},
	{`"images"`, "float4", `16777217.1`, `1.6777218e+07`},
	{`"image"`, "float8", `'-Infinity'`, `"-Infinity"`},
	{`"changed_rows"`, "date", `'infinity'`, `"infinity"`},
	{`"old_rows"`, "timestamptz", `'-infinity'`, `"-infinity"`},
	{`"new_rows"`, "timestamptz", `'2026-07-01 12:00:00.123456+02'`, `"2026-07-01T10:00:00.123456+00:00"`},
	{`"tenant"`, "timestamp", `'0044-03-15 01:02:03 BC'`, `"0044-03-15T01:02:03 BC"`},
	{`"n"`, "bytea", `decode('00ff5c27', 'hex')`, `"\\x00ff5c27"`},
	{`"op"`, "text", `E'"\\ / 😀 é 日本' || chr(127)`, "\"\\\"\\\\ / 😀 é 日本\x7f\""},
	{`"order"`, "bigint", `9223372036854775807`, `9223372036854775807`},
	{`"select"`, "numeric", `-1234567890123456789012345678901234567890.1200`, `-1234567890123456789012345678901234567890.1200`},
	{`"Mixed Case"`, "numeric", `'NaN'`, `"NaN"`},
	{`"begun"`, "int[]", `'{{1,2},{3,null}}'`, `[[1,2],[3,null]]`},
	{`"watched_id"`, "text[]", `array['a"b', null, 'NULL', '']`, `["a\"b",null,"NULL",""]`},
	{`"row_count"`, "pair", `row(1, 'x y')`, `{"a":1,"b":"x y"}`},
	{`"bytes"`, "pair[]", `array[row(1, null)::pair]`, `[{"a":1,"b":null}]`},
	{`"short"`, "int4range", `'[1,5)'`, `"[1,5)"`},
	{`"exclude"`, "daterange", `'[2026-02-01,2026-03-02)'`, `"[2026-02-01,2026-03-02)"`},
	{`"tenants"`, "tstzrange", `'[2026-02-01 00:00+00,)'`, `"[\"2026-02-01 00:00:00+00\",)"`},
	{`"x"`, "json", `'{"b" : 1.50,  "a": [ 1e5 ], "b": 2}'`, `{"b" : 1.50,  "a": [ 1e5 ], "b": 2}`},
	{`"a"`, "jsonb", `'{"b": 1.50, "a": [1e3]}'`, `{"a": [1000], "b": 1.50}`},
	{`"b"`, "json", `'null'`, `null`},
	{`"c"`, "point", `'(0.1,2)'`, `"(0.1,2)"`},
	{`"k"`, "xml", `xmlparse(content '<a b="1">&amp;</a>')`, `"<a b=\"1\">&amp;</a>"`},
	{`"l"`, "interval", `'-1 year 2 days 03:04:05.6'`, `"-1 years +2 days 03:04:05.6"`},
	{`"w"`, "bool", `false`, `false`},
	{`"source"`, "uuid", `'00000000-0000-0000-0000-00000000000A'`, `"00000000-0000-0000-0000-00000000000a"`},
	{`"kind"`, "mood", `'not ok'`, `"not ok"`},
	{`"number"`, "small", `99`, `99`},
	{`"found_name"`, "char(3)", `'x'`, `"x  "`},
	{`"it's \ "" %s $1"`, "varchar", `''`, `""`},
	{`"é"`, "bit(3)", `B'101'`, `"101"`},
	{`"p"`, "inet", `'::1'`, `"::1"`},
	{`"u"`, "tsvector", `'b a:1'::tsvector`, `"'a':1 'b'"`},
	{`"e"`, "box", `'(1,1),(0,0)'`, `"(1,1),(0,0)"`},
	{`"t"`, "text", `null`, `null`},
	{`"d"`, "oid", `4294967295`, `"4294967295"`},
	{`"look"`, "float8[]", `'{1e-300,NaN,0.1}'`, `[1e-300,"NaN",0.1]`},
	{`"generated"`, `int generated always as ("number" + 1) stored`, `default`, `100`},
}

// escaped are values that JSON writes with \u. The json ones cannot become
// text or jsonb, and still they are rows that people may store.
var escaped = []struct{ column, kind, literal, json string }{
	{`"control"`, "text", `E'\x01\t\x1f'`, `"\u0001\t\u001f"`},
	{`"zero"`, "json", `E'{"\\u0000": "\\u0000\\ud800"}'`, `{"\u0000": "\u0000\ud800"}`},
}

// Every value comes out of the log exactly as it is in the row, whichever way
// it went and whatever the session of the writer is set to.
func TestOddValues(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string][]struct{ column, kind, literal, json string }{"plain": odd, "escaped": append(escaped, odd...)} {
		for _, exclude := range []string{"", "hidden"} {
			for _, settings := range [][]string{nil, foreignSettings} {
				testOddValues(t, name, columns, exclude, settings)
			}
		}
	}
}

// foreignSettings are those of a session that sees the world differently.
var foreignSettings = []string{
	`set extra_float_digits = -15`, `set bytea_output = escape`, `set datestyle = 'SQL, DMY'`, `set intervalstyle = sql_standard`,
	`set timezone = 'Asia/Kathmandu'`, `set standard_conforming_strings = off`, `set escape_string_warning = off`,
	`set row_security = off`, `set statement_timeout = 20000`, `set quote_all_identifiers = on`, `set transform_null_equals = on`,
	`set plan_cache_mode = force_custom_plan`, `set array_nulls = off`, `set xmlbinary = hex`, `set enable_mergejoin = off`,
	`set enable_hashjoin = off`, `set work_mem = 64`, `set client_encoding = 'UTF8'`,
}

func testOddValues(t *testing.T, name string, columns []struct{ column, kind, literal, json string }, exclude string, settings []string) {
	t.Run(strings.Join([]string{name, exclude, strings.Join(settings[:min(1, len(settings))], "")}, " "), func(t *testing.T) {
		t.Parallel()
		d := newDatabase(t, oddTypes...)
		var kinds, literals, names, values []string
		for _, c := range columns {
			kinds = append(kinds, c.column+" "+c.kind)
			names = append(names, c.column)
			literals = append(literals, c.literal)
			values = append(values, c.json)
		}
		d.Exec(t, `create table odd (hidden text default 'hidden', id int primary key, "Tenant ""Id" text, `+strings.Join(kinds, ", ")+`)`,
			`select rowcast.watch('odd', tenant_column => 'Tenant "Id', exclude => '{`+exclude+`}')`)
		insert := `insert into odd (id, "Tenant ""Id", ` + strings.Join(names, ", ") + `) values `
		row := func(id string) string { return `(` + id + `, 'T', ` + strings.Join(literals, ", ") + `)` }
		d.Exec(t, insert+row("1"))
		d.Exec(t, settings...)
		rest := `"Tenant ""Id", ` + strings.Join(names[:len(names)-1], ", ")
		d.Exec(t,
			`insert into odd (id, `+rest+`) select 2, `+rest+` from odd`,
			`insert into odd (id, `+rest+`) select gen, `+rest+` from odd, generate_series(3, 5) g (gen) where id = 1`,
			`insert into odd (id, `+rest+`) select gen, `+rest+` from odd, generate_series(101, 200) g (gen) where id = 1`,
			`update odd set id = -1 where id = 1`, `update odd set id = -id where id in (2, 3)`, `update odd set id = 1000 + id where id > 4`,
			`delete from odd where id = -1`, `delete from odd where id < 0`, `delete from odd where id > 1050`,
			`set session_replication_role = replica`, `insert into odd (id, `+rest+`) select 6, `+rest+` from odd where id = 4`,
			`update odd set id = 7 where id = 6`, `delete from odd where id = 7`)
		images := pgtest.Column[string](t, d.Conn, `select unnest(after::text[] || before::text[]) from rowcast.log`)
		if want := 420; len(images) != want {
			t.Fatalf("%d images in the log; want %d", len(images), want)
		}
		for _, image := range images {
			got, err := fields(image)
			if err != nil {
				t.Fatal(err)
			}
			if exclude == "" {
				got = got[1:]
			}
			if len(got) != len(columns)+2 {
				t.Fatalf("%d columns: %s", len(got), image)
			}
			for i, c := range columns {
				wantName := strings.ReplaceAll(c.column[1:len(c.column)-1], `""`, `"`)
				if f := got[i+2]; f.name != wantName || f.value != values[i] {
					t.Errorf("%s %s is %s in the log; want %s", f.name, c.kind, f.value, values[i])
				}
			}
			if t.Failed() {
				return
			}
		}
	})
}

func TestLargeDocument(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create table big (id int primary key, tenant_id text, j jsonb)`, `select rowcast.watch('big')`,
		`insert into big select 1, 'T', jsonb_object_agg(n, repeat(md5(n::text), 10)) from generate_series(1, 16000) n`,
		`update big set id = 2`)
	if got := pgtest.Query[int](t, d.Conn, `
		select count(*) from rowcast.log, big
		 where octet_length(j::text) > 5000000 and after[1]::text = format('{"id":%s,"tenant_id":"T","j":%s}', case op when 'i' then 1 else 2 end, j)
		   and (before is null or before[1]::text = '{ "id" : 1 }')`); got != 2 {
		t.Errorf("%d log rows have the document; want 2", got)
	}
	d.Exec(t, `create table old as select j from big`, `update big set j = j || '{"more": 1}'`)
	if got := pgtest.Query[int](t, d.Conn, `
		select count(*) from rowcast.log l, big b, old o where l.after[1]::text = format('{"id":2,"tenant_id":"T","j":%s}', b.j) and l.before[1]::text = format('{ "j" : %s }', o.j)`); got != 1 {
		t.Errorf("%d log rows have both documents; want 1", got)
	}
}

// Money and the names of things look as the session says, and not in the log.
func TestValuesThatASessionShowsItsWay(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create domain price as money`, `create type pair as (a money, b regclass)`,
		`create table shown (id int primary key, tenant_id text, m money, d price, ms money[], c regclass, t regtype, p pair)`, `select rowcast.watch('shown')`)
	values := `1234.5::numeric::money, 2::numeric::money, array[3::numeric::money], 'rowcast.log'::regclass, 'public.pair'::regtype, row(4::numeric::money, 'public.docs')::pair`
	for _, settings := range []string{``, `set quote_all_identifiers = on`, `set search_path = rowcast, public`} {
		d.Exec(t, `delete from rowcast.log`, settings,
			`insert into public.shown values (1, 'T', `+values+`)`, `insert into public.shown values (2, 'T', `+values+`), (3, 'T', `+values+`)`,
			`update public.shown set id = -id`, `update public.shown set id = 9 where id = -1`, `delete from public.shown`)
		images := pgtest.Column[string](t, d.Conn, `select unnest(after::text[] || before::text[]) from rowcast.log`)
		if len(images) != 3+6+2+3 {
			t.Errorf("%d images", len(images))
		}
		for _, image := range images {
			_, got, _ := strings.Cut(image, `"tenant_id":`)
			if want := `"T","m":"$1,234.50","d":"$2.00","ms":["$3.00"],"c":"rowcast.log","t":"public.pair","p":{"a":"$4.00","b":"public.docs"}}`; got != want {
				t.Errorf("with %q: %s; want %s", settings, got, want)
			}
		}
		if got := pgtest.Query[string](t, d.Conn, `select current_setting('quote_all_identifiers') || ' ' || current_setting('search_path')`); strings.Contains(got, "pg_catalog") {
			t.Errorf("capture left the settings as %s", got)
		}
	}
}

// TestGeneratedColumnsOfPartitions: of a row that was inserted through a table PostgreSQL
// shows triggers no stored column where the partition has its columns in another
// order. Such a column is left out, whatever the statement is, and is no tenant.
func TestGeneratedColumnsOfPartitions(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for _, table := range []string{"sums", "sorted", "mixed"} {
		tenant := "tenant_id text"
		if table == "mixed" {
			tenant = "part text, tenant_id text generated always as (part) stored"
		}
		d.Exec(t, strings.NewReplacer("TABLE", table, "TENANT", tenant).Replace(`
			create table TABLE (id int primary key, TENANT, g int generated always as (id * 10) stored) partition by range (id);
			create table TABLE_1 (id int not null, TENANT, g int generated always as (id * 10) stored);
			create table TABLE_2 (g int generated always as (id * 10) stored, TENANT, id int not null);
			alter table TABLE attach partition TABLE_1 for values from (0) to (10)`))
	}
	d.Exec(t, `select rowcast.watch('sorted')`, `select rowcast.watch('mixed')`, `delete from rowcast.log`)
	write := []string{
		`insert into TABLE values (1, 'T')`, `insert into TABLE values (2, 'T'), (3, 'T')`, `insert into TABLE_1 values (4, 'T')`, `update TABLE set id = id + 4`, `delete from TABLE where id = 5`,
	}
	images := func(table string) []string {
		t.Helper()
		for _, statement := range write {
			d.Exec(t, strings.ReplaceAll(statement, "TABLE", table))
		}
		return pgtest.Column[string](t, d.Conn, `select unnest(after::text[] || before::text[]) from rowcast.log`)
	}
	for _, image := range images("sorted") {
		if !strings.Contains(image, `0}`) {
			t.Errorf("the row is told as %s", image)
		}
	}
	d.Exec(t, `alter table sums attach partition sums_2 for values from (10) to (30)`, `select rowcast.watch('sums')`, `delete from rowcast.log`)
	write = append(write, `insert into TABLE values (11, 'T')`, `insert into TABLE values (12, 'T'), (1, 'T')`, `insert into TABLE_2 (id, tenant_id) values (15, 'T')`, `update TABLE set id = id + 10 where id > 10`)
	for _, image := range images("sums") {
		if strings.Contains(image, `"g"`) || !strings.Contains(image, `"id"`) {
			t.Errorf("the row is told as %s", image)
		}
	}
	d.Exec(t, `delete from rowcast.log`, `alter table sorted attach partition sorted_2 for values from (10) to (20)`, `insert into sorted values (11, 'T')`)
	if got := pgtest.Column[string](t, d.Conn, `select unnest(after)::text from rowcast.log`); len(got) != 1 || strings.Contains(got[0], `"g"`) {
		t.Errorf("after the partition was attached: %v", got)
	}
	if drift := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift() where lost and table_name = 'mixed'`); len(drift) > 0 {
		t.Errorf("drift says %v", drift)
	}
	d.Exec(t, `alter table mixed attach partition mixed_2 for values from (10) to (20)`)
	if drift := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift() where lost and table_name = 'mixed'`); len(drift) != 1 || !strings.Contains(drift[0], "belong to nobody") {
		t.Errorf("drift says %v", drift)
	}
	d.Exec(t, `select rowcast.unwatch('mixed')`)
	if got := refused(t, d.Conn, `select rowcast.watch('mixed')`); got.Code != "42804" || !strings.Contains(got.Message, "does not show triggers its value") {
		t.Error(got)
	}
}

// A trigger does not see the value of a column that is computed when it is read.
func TestVirtualColumnsAreLeftOut(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	if pgtest.Query[int](t, d.Conn, `select current_setting('server_version_num')::int`) < 180000 {
		t.Skip("PostgreSQL has had them since 18")
	}
	d.Exec(t, `create table sums (id int primary key, tenant_id text, a int, v int generated always as (10 / a) virtual, hidden text)`,
		`create table tenants (id int primary key, body text, tenant_id text generated always as (body) virtual)`)
	if got := refused(t, d.Conn, `select rowcast.watch('tenants')`); got.Code != "42804" || !strings.Contains(got.Message, "does not show triggers its value") {
		t.Error(got)
	}
	for _, exclude := range []string{`{}`, `{hidden}`} {
		d.Exec(t, `select rowcast.watch('sums', exclude => '`+exclude+`')`, `delete from rowcast.log`,
			`insert into sums values (1, 'T', 0)`, `insert into sums values (2, 'T', 2), (3, 'T', 0)`, `update sums set a = a + 1 where id = 1`, `update sums set a = a + 1`,
			`set session_replication_role = replica`, `delete from sums where id = 1`, `reset session_replication_role`, `delete from sums`)
		for _, image := range pgtest.Column[string](t, d.Conn, `select unnest(after::text[] || before::text[]) from rowcast.log`) {
			if strings.Contains(image, `"v"`) || !strings.Contains(image, `"a":`) || strings.Contains(image, "hidden") != (exclude == `{}`) {
				t.Errorf("the row is told as %s", image)
			}
		}
		if got := pgtest.Query[int](t, d.Conn, `select count(*)::int from rowcast.log`); got != 6 {
			t.Errorf("%d log rows", got)
		}
	}
}

// A column whose old and new value differ only in the last digit has changed,
// also for a writer who does not see that digit.
func TestLastDigitCounts(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create table sums (id int primary key, tenant_id text, v float8)`, `select rowcast.watch('sums')`,
		`insert into sums values (1, 'T', 0.1), (2, 'T', 0.1)`, `delete from rowcast.log`, `set extra_float_digits = -15`)
	d.Exec(t, `update sums set v = 0.10000000000000002 where id = 1`, `update sums set v = 0.10000000000000003`)
	d.wantLog(t, `u T (1,T,0.10000000000000002)<(1,T,0.1)`,
		`u T (2,T,0.10000000000000003)(1,T,0.10000000000000003)<(2,T,0.1)(1,T,0.10000000000000002)`)
}

func TestTwoHundredColumns(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	var columns, values []string
	for i := range 200 {
		columns = append(columns, fmt.Sprintf("c%d int", i))
		values = append(values, strconv.Itoa(i))
	}
	d.Exec(t, `create table wide (id int primary key, tenant_id text, `+strings.Join(columns, ", ")+`)`, `select rowcast.watch('wide')`,
		`insert into wide values (1, 'T', `+strings.Join(values, ", ")+`)`, `update wide set c199 = 200`)
	row := `(1,T,` + strings.Join(values, ",") + `)`
	d.wantLog(t, `i T `+row, `u T `+strings.TrimSuffix(row, "199)")+`200)<`+row)
}
