package triggers_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// A § in a statement is the schema of the table, "watched" or "twin".

// promise is a drawn table, and what people do to it.
type promise struct {
	ddl     []string // makes the table
	exclude []string
	names   []string // what a statement may name; the first is the table, the rest partitions
	child   bool     // c inherits from the table
	acts    []act

	server      int
	key, tenant sort
	columns     []promised
	partitioned bool
}

// promised is a column beside the key, the tenant, part and mark.
type promised struct {
	name string
	sort
}

// sort is a type of a column with some of its values, as literals.
type sort struct {
	definition string
	values     []string
}

// act is a transaction, or with alters a change of definitions that is tried by
// itself.
type act struct {
	role     string // whose session
	settings []string
	begin    string // empty: each statement is a transaction
	careful  bool   // each statement has a savepoint
	alters   bool   // the definition of the table may be another one
	ours     bool   // of the watched table alone
	unsure   bool   // the feed need not tell it
	dump     string // the database, or the data of the table, is dumped and restored
	steps    []step
}

var keySorts = []sort{
	{"integer", []string{"1", "2", "3", "4", "5"}},
	{"bigint", []string{"1", "9007199254740993", "9007199254740992", "-1", "5"}},
	{"text", []string{`'a'`, `'A'`, `'a "b'`, `'é'`, `''`}},
	{"varchar(9)", []string{`'a'`, `'{a,b}'`, `'(1,2)'`, `'a '`, `'null'`}},
	{"uuid", []string{`'00000000-0000-4000-8000-00000000000a'`, `'00000000-0000-4000-8000-00000000000b'`, `'00000000-0000-4000-8000-00000000000c'`}},
	{"timestamptz", []string{`'2020-02-29 23:59:59.999999+05:45'`, `'infinity'`, `'0044-03-15 BC'`, `'2021-01-02'`}},
	{"numeric", []string{"1", "1.0000001", "12345678901234567890.123", `'NaN'`, "-1"}},
	{"date", []string{`'2020-02-29'`, `'-infinity'`, `'2021-01-02'`, `'1999-12-31'`}},
	{"kinds.mood", []string{`'sad'`, `'glad'`, `'so "so"'`}},
	{"kinds.checked", []string{"1", "2", "3", "4"}},
	{"bytea", []string{`'\x00'`, `'\xdeadbeef'`, `'\x5c'`}},
	{"char(4)", []string{`'a'`, `'b'`, `'abcd'`}},
	{"float8", []string{"0.1", "0.30000000000000004", `'-infinity'`, "1e300"}},
}

var tenantSorts = []sort{
	{"text", []string{`'T'`, `'U'`, `'T'`, `'U "x"'`, "null", `''`, "'" + strings.Repeat("x", 256) + "'"}},
	{"varchar(300)", []string{`'T'`, `'U'`, `'é\u00e9'`, "null"}},
	{"integer", []string{"1", "2", "1", "2", "null"}},
	{"bigint", []string{"9007199254740993", "9007199254740992", "null"}},
	{"uuid", []string{`'00000000-0000-4000-8000-00000000000a'`, `'00000000-0000-4000-8000-00000000000b'`, "null"}},
	{"kinds.named", []string{`'T'`, `'U'`, `'V'`, "null"}},
}

var columnSorts = []sort{
	{"integer", []string{"1", "-2147483648", "null"}},
	{"text", []string{`'x'`, `'"\ü'`, `'{}'`, "'" + strings.Repeat("long ", 5) + "'", "null"}},
	{"kinds.mood", []string{`'sad'`, `'glad'`, `'so "so"'`, "null"}},
	{"kinds.mood[]", []string{`'{sad,glad}'`, `'{}'`, `'{{sad},{null}}'`, "null"}},
	{"kinds.checked", []string{"1", "7", "null", "-1"}},
	{"kinds.whim", []string{`'glad'`, "null"}},
	{"kinds.pair", []string{`'(1,sad)'`, `'(,)'`, `'(2,"so ""so""")'`, "null"}},
	{"kinds.pair[]", []string{`'{"(1,sad)","(,)"}'`, `'{}'`, "null"}},
	{"kinds.span", []string{`'[0.1,2)'`, `'empty'`, `'(,)'`, "null"}},
	{"kinds.moods", []string{`'[sad,glad]'`, `'empty'`, "null"}},
	{"integer[]", []string{`'{1,2}'`, `'{{1,2},{3,4}}'`, `'{}'`, `'{null}'`, "null"}},
	{"text[]", []string{`'{a,"b\"c",NULL}'`, `'{"NULL"}'`, "null"}},
	{"json", []string{`'{"a" : [1,  2]}'`, `'{"a":1,"a":2}'`, `'[1e5, 1.0]'`, "null"}},
	{"jsonb", []string{`'{"a":[1,2]}'`, `'"x"'`, `'12345678901234567890.123'`, "null"}},
	{"money", []string{`'1.00'`, `'-1234567.89'`, "null"}},
	{"bytea", []string{`'\xdeadbeef'`, `'\x'`, "null"}},
	{"numeric", []string{"1.50", `'NaN'`, "123456789012345678901234567890.123456789", "null"}},
	{"numeric(10,2)", []string{"1.005", "99999999.99", "1e9", "null"}},
	{"float8", []string{"0.1", "0.30000000000000004", `'NaN'`, `'infinity'`, "null"}},
	{"float4", []string{"0.1", "1e-40", "null"}},
	{"timestamptz", []string{`'2020-02-29 23:59:59.999999+05:45'`, `'infinity'`, `'0044-03-15 BC'`, "null"}},
	{"timestamp", []string{`'2020-02-29 23:59:59.5'`, `'-infinity'`, "null"}},
	{"timetz", []string{`'12:00:00.000001+05:45'`, "null"}},
	{"date", []string{`'2020-02-29'`, `'infinity'`, "null"}},
	{"interval", []string{`'1 year 2 mons -3 days 04:05:06.789'`, `'-1 sec'`, "null"}},
	{"inet", []string{`'::1/128'`, `'10.0.0.0/8'`, "null"}},
	{"bit varying", []string{`'101'`, `''`, "null"}},
	{"char(5)", []string{`'a'`, `''`, "null"}},
	{"regclass", []string{`'pg_catalog.pg_class'`, "null"}},
	{"regtype", []string{`'kinds.mood'`, `'pg_catalog.int4'`, "null"}},
	{"tsvector", []string{`'a:1 b:2'`, "null"}},
	{"point", []string{`'(0.1,2)'`, "null"}},
	{"xid8", []string{`'18446744073709551615'`, "null"}},
	{`"char"`, []string{`'a'`, `''`, "null"}},
	{"boolean", []string{"true", "null"}},
	{"uuid", []string{`'00000000-0000-4000-8000-00000000000a'`, "null"}},
}

// drawnSettings are what a session may be set to. replica is in its place for
// those that may.
var drawnSettings = map[string][]string{
	"DateStyle":                           {"'SQL, DMY'", "'German'", "'Postgres, MDY'", "'ISO, YMD'"},
	"IntervalStyle":                       {"iso_8601", "sql_standard", "postgres_verbose"},
	"TimeZone":                            {"'Asia/Kathmandu'", "'America/St_Johns'", "'UTC'"},
	"bytea_output":                        {"escape"},
	"extra_float_digits":                  {"-15", "0", "3"},
	"search_path":                         {"''", "hostile, pg_catalog", "pg_temp, hostile, pg_catalog, kinds", "kinds"},
	"row_security":                        {"off"},
	"default_transaction_isolation":       {"'repeatable read'", "serializable"},
	"default_transaction_read_only":       {"on"},
	"plan_cache_mode":                     {"force_generic_plan", "force_custom_plan"},
	"quote_all_identifiers":               {"on"},
	"standard_conforming_strings":         {"off"},
	"array_nulls":                         {"off"},
	"transform_null_equals":               {"on"},
	"plpgsql.extra_errors":                {"'all'"},
	"enable_seqscan":                      {"off"},
	"enable_hashjoin":                     {"off"},
	"enable_nestloop":                     {"off"},
	"jit_above_cost":                      {"0"},
	"work_mem":                            {"'64kB'"},
	"geqo_threshold":                      {"2"},
	"join_collapse_limit":                 {"1"},
	"application_name":                    {`'a "b'' \c'`},
	"check_function_bodies":               {"off"},
	"statement_timeout":                   {"0", "'1h'"},
	"lock_timeout":                        {"'1h'"},
	"idle_in_transaction_session_timeout": {"'1h'"},
	"lc_monetary":                         {"'POSIX'", "'C'"},
	"lc_numeric":                          {"'POSIX'"},
	"client_encoding":                     {"'LATIN1'"},
	"xmloption":                           {"document"},
	"synchronous_commit":                  {"off"},
	"default_transaction_deferrable":      {"on"},
}

// drawPromise draws a table that has a column of each of the types, too.
func drawPromise(t *rapid.T, server int, types ...sort) *promise {
	p := &promise{server: server, names: []string{"t"}}
	p.key, p.tenant = rapid.SampledFrom(keySorts).Draw(t, "key"), rapid.SampledFrom(tenantSorts).Draw(t, "tenant")
	p.partitioned = often(t, "partitioned", 1)
	for i, s := range slices.Concat(types, rapid.SliceOfN(rapid.SampledFrom(columnSorts), 0, 4).Draw(t, "columns")) {
		p.columns = append(p.columns, promised{fmt.Sprintf("c%d", i+1), s})
	}
	for _, c := range p.columns {
		if often(t, "excluded", 1) {
			p.exclude = append(p.exclude, c.name)
		}
	}
	p.drawTable(t)
	p.acts = several(t, "acts", 2, 7, p.drawAct)
	return p
}

// GoString writes it in SQL.
func (p *promise) GoString() string {
	return strings.Join(p.ddl, ";\n") + fmt.Sprintf(";\nexclude %q;\n%#v", p.exclude, p.acts)
}

func (p *promise) drawTable(t *rapid.T) {
	list := []string{"id " + p.key.definition + " not null", "tenant_id " + p.tenant.definition, "part integer default 1 not null", "mark integer default 1" + pick(t, "check", "", " constraint odd check (mark <> 13)")}
	for _, c := range p.columns {
		list = append(list, c.name+" "+c.definition)
	}
	if often(t, "stored", 1) {
		list = append(list, "g integer generated always as (mark * 1000) stored")
	}
	if p.server >= 18 && often(t, "virtual", 2) {
		list = append(list, "v integer generated always as (100 / (mark - 7)) virtual")
	}
	list = rapid.Permutation(list).Draw(t, "order")
	gone := often(t, "gone", 1)
	if gone {
		list = slices.Insert(list, 1, "gone integer")
	}
	keys := pick(t, "keys", "id", "id", "id, mark", "tenant_id, id")
	if p.partitioned {
		keys = pick(t, "keys", "id, part", "part, id")
	}
	p.ddl = []string{fmt.Sprintf("create table §.t (%s, primary key (%s))%s", strings.Join(list, ", "), keys, map[bool]string{true: " partition by list (part)"}[p.partitioned])}
	if gone {
		p.ddl = append(p.ddl, "alter table §.t drop column gone")
	}
	if p.partitioned {
		plain := slices.DeleteFunc(slices.Clone(list), func(c string) bool { return strings.HasPrefix(c, "gone ") })
		slices.Reverse(plain)
		p.names = append(p.names, "t_1", "t_2", "t_d")
		p.ddl = append(p.ddl, "create table §.t_1 partition of §.t for values in (1)",
			fmt.Sprintf("create table §.t_2 (junk integer, %s)", strings.Join(plain, ", ")), "alter table §.t_2 drop column junk",
			"alter table §.t attach partition §.t_2 for values in (2)",
			"create table §.t_d partition of §.t default"+pick(t, "again", "", " partition by list (part)"))
		if strings.HasSuffix(p.ddl[len(p.ddl)-1], ")") {
			p.names = append(p.names, "t_e")
			p.ddl = append(p.ddl, "create table §.t_e partition of §.t_d default")
		}
	} else if often(t, "child", 1) {
		p.child = true
		p.ddl = append(p.ddl, "create table §.c (extra integer) inherits (§.t)")
	}
	var rows []string
	for i, key := range p.key.values {
		rows = append(rows, fmt.Sprintf("(%s, %s, %d, %d)", key, pick(t, "tenant", p.tenant.values[:2]...), i%2+1, i+1))
	}
	p.ddl = append(p.ddl, "insert into §.t (id, tenant_id, part, mark) values "+strings.Join(rows, ", "))
	if often(t, "trigger", 1) {
		p.drawOwnTrigger(t)
	}
	if often(t, "policy", 1) {
		p.ddl = append(p.ddl, "alter table §.t enable row level security",
			pick(t, "policy", "create policy p on §.t using (mark <> 3)", "create policy p on §.t using (true) with check (mark < 5)"),
			"alter table §.t "+pick(t, "forced", "", "no ")+"force row level security")
	}
	p.ddl = append(p.ddl, "grant "+pick(t, "rights", "all", "all", "insert, delete", "select, update", "insert, update (mark), select (id, mark)", "truncate, insert")+" on §.t to promise_writer")
	for _, name := range p.names[1:] {
		if often(t, "partition", 2) {
			p.ddl = append(p.ddl, "grant all on §."+name+" to promise_writer")
		}
	}
	if p.child {
		p.ddl = append(p.ddl, "grant all on §.c to promise_writer")
	}
}

// drawOwnTrigger draws a trigger of the owner's.
func (p *promise) drawOwnTrigger(t *rapid.T) {
	key := pick(t, "key", p.key.values...)
	when, body := "after insert or update", "if pg_trigger_depth() < 3 then update §.t set mark = mark + 1 where id = "+key+" and mark < 6; end if; return null;"
	switch pick(t, "own", "nested", "skip", "move", "delete") {
	case "skip":
		when, body = "before insert or update", "return case when new.mark = 5 then null else new end;"
	case "move":
		when, body = "before update", "new.tenant_id := "+pick(t, "tenant", p.tenant.values...)+"; return new;"
	case "delete":
		when, body = "after insert or update", "if pg_trigger_depth() < 3 then delete from §.t where id = "+key+"; end if; return null;"
	}
	p.ddl = append(p.ddl, "create function §.act() returns trigger language plpgsql security definer set search_path = pg_catalog as $$ begin "+body+" end $$",
		"create trigger act "+when+" on §.t for each row execute function §.act()")
}

func (p *promise) drawAct(t *rapid.T) act {
	a := act{role: pick(t, "role", "promise_owner", "promise_writer", "postgres", "promise_owner", "promise_writer", "promise_owner", "promise_nobody")}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(drawnSettings))), 0, 4, rapid.ID[string]).Draw(t, "settings") {
		a.settings = append(a.settings, "set "+name+" = "+pick(t, "setting", drawnSettings[name]...))
	}
	if a.role == "postgres" && often(t, "replica", 1) {
		a.settings = append(a.settings, "set session_replication_role = "+pick(t, "replication", "replica", "replica", "local"))
	}
	switch kind := number(t, "act", 0, 23); {
	case kind == 23 && rapid.Bool().Draw(t, "dumped"):
		return p.drawDump(t)
	case kind >= 22:
		return p.drawRights(t)
	case kind == 0:
		a.ours, a.role, a.settings = true, "postgres", nil
		a.steps = []step{p.drawState(t)}
		if rapid.Bool().Draw(t, "repaired") {
			a.steps = append(a.steps, p.repair())
		}
		return a
	case kind == 1:
		a.ours, a.role, a.settings, a.alters = true, "postgres", nil, true
		a.steps = []step{p.repair()}
		return a
	case kind <= 3:
		a.role, a.alters = "promise_owner", true
		a.steps = []step{p.drawAlter(t)}
		return a
	}
	a.begin = pick(t, "begin", "begin", "", "begin isolation level repeatable read", "begin isolation level serializable")
	a.careful = a.begin != "" && rapid.Bool().Draw(t, "careful")
	for range number(t, "steps", 1, 4) {
		if often(t, "between", 1) && a.begin != "" {
			s := step{sql: pick(t, "session", "discard sequences", "discard plans", "reset all", "set constraints all immediate"), note: "session"}
			if a.role == "postgres" && rapid.Bool().Draw(t, "other role") {
				s = step{sql: "set local role " + pick(t, "to", "promise_owner", "promise_writer"), note: "set role"}
			}
			if a.role == "promise_owner" && rapid.Bool().Draw(t, "alters") {
				s, a.alters = p.drawAlter(t), true
			}
			a.steps = append(a.steps, s)
		}
		s := p.drawWrite(t, pick(t, "write", slices.Concat(writes, []string{"insert", "insert", "update", "update"})...))
		a.steps = append(a.steps, s)
	}
	a.unsure = p.unsure(a)
	return a
}

// unsure says whether an act names the table that inherits.
func (p *promise) unsure(a act) bool {
	return slices.ContainsFunc(a.steps, func(s step) bool {
		return strings.Contains(s.sql, "§.c")
	})
}

func (p *promise) repair() step {
	return step{sql: "select rowcast.install_triggers(w.id) from rowcast.watched w where w.active and w.table_schema = 'watched'", note: "repair"}
}

// drawState draws what people do to triggers that are not theirs.
func (p *promise) drawState(t *rapid.T) step {
	table := pick(t, "part", p.names...)
	if often(t, "all", 1) {
		return step{sql: "alter table watched." + table + " disable trigger all, enable trigger all", note: "state"}
	}
	var set []string
	for range number(t, "triggers", 1, 3) {
		set = append(set, pick(t, "state", "disable", "enable", "enable replica", "enable always")+" trigger "+
			pick(t, "trigger", "rowcast_insert", "rowcast_update", "rowcast_delete", "rowcast_begin_insert", "rowcast_begin_update", "rowcast_begin_delete", "rowcast_truncate", "rowcast_close"))
	}
	return step{sql: "alter table watched." + table + " " + strings.Join(set, ", "), note: "state"}
}

// drawAlter draws a change of the definition.
func (p *promise) drawAlter(t *rapid.T) step {
	to := rapid.SampledFrom(columnSorts).Draw(t, "to")
	choices := []string{
		"alter table §.t add column n" + fmt.Sprint(number(t, "n", 1, 3)) + " " + to.definition + pick(t, "default", "", " default "+pick(t, "value", to.values...)),
		"alter table §.t rename column tenant_id to owner", "alter table §.t rename column owner to tenant_id",
		"alter table §.t rename column id to number", "alter table §.t rename column number to id",
		"alter table §.t rename column mark to note", "alter table §.t rename column note to mark",
		"alter table §.t alter column tenant_id type varchar(400)", "alter table §.t alter column tenant_id drop not null",
	}
	for _, c := range p.columns {
		retype := fmt.Sprintf("alter table §.t alter column %s type %s using %s", c.name, to.definition, pick(t, "value", to.values...))
		choices = append(choices, "alter table §.t drop column "+c.name, "alter table §.t rename column "+c.name+" to r"+c.name, retype, retype)
	}
	if p.partitioned {
		choices = append(choices, "alter table §.t detach partition §.t_2", "alter table §.t attach partition §.t_2 for values in (2)",
			"create table §.t_3 partition of §.t for values in (3)", "alter table §.t detach partition §.t_1")
	} else {
		choices = append(choices, "alter table §.t drop constraint t_pkey", "create table §.late () inherits (§.t)")
	}
	if number(t, "rare", 0, 9) == 9 {
		choices = []string{"alter table §.t drop column tenant_id cascade"}
	}
	return step{sql: pick(t, "alter", choices...), note: "alter"}
}

// drawRights draws what an administrator does to rights.
func (p *promise) drawRights(t *rapid.T) act {
	a := act{role: "postgres", ours: often(t, "ours", 2)}
	if a.ours { // what scripts that harden a database do
		a.steps = []step{{sql: pick(t, "revoke",
			"revoke all on schema rowcast from public", "revoke all on all sequences in schema rowcast from public",
			"revoke all on all functions in schema rowcast from public", "revoke all on all tables in schema rowcast from public",
			"revoke all on schema kinds, public from public; grant usage on schema kinds to promise_owner"), note: "revoke"}}
		return a
	}
	a.steps = []step{{sql: pick(t, "rights",
		"revoke all on §.t from promise_writer", "grant all on §.t to promise_writer", "grant select, update (mark) on §.t to promise_writer",
		"revoke usage on schema § from promise_writer", "grant usage on schema § to promise_writer",
		"alter table §.t owner to promise_writer", "alter table §.t owner to postgres", "alter table §.t owner to promise_owner",
		"alter table §.t enable row level security, force row level security", "alter table §.t disable row level security"), note: "rights"}}
	return a
}

// drawDump draws a dump: of the database, to go on in what is restored, before and
// after it is migrated; or of the data of the table, to replace it with.
func (p *promise) drawDump(t *rapid.T) act {
	return act{role: "postgres", dump: pick(t, "dump", dumps...)}
}

// GoString writes it in SQL.
func (a act) GoString() string {
	lines := []string{fmt.Sprintf("\n-- as %s, careful %t, alters %t, ours %t, unsure %t, dump %q: %s", a.role, a.careful, a.alters, a.ours, a.unsure, a.dump, strings.Join(a.settings, "; ")), a.begin}
	for _, s := range a.steps {
		lines = append(lines, s.sql+";", s.data)
	}
	return strings.Join(lines, "\n")
}
