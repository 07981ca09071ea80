package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/command/program"
	"rowcast/internal/feed/row"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/policy/store"
	"rowcast/internal/web/npm"
)

// written are types of PostgreSQL with values of each.
var written = map[string][]string{
	"smallint": {"7", "-1"}, "integer": {"2147483647"}, "bigint": {"9007199254740993", "5"}, "real": {"1.5", "1e30"},
	"double precision": {"0.1", "-1e300", "12345678901234567890"}, "numeric": {"1", "0.12345678901234567890"}, "numeric(12,2)": {"9999999999.99"},
	"numeric(15,0)": {"999999999999999"}, "numeric(20,2)": {"123456789012345678.25", "1"}, "boolean": {"true", "false"}, "text": {`'it''s "x" \ '`, "''"},
	"varchar(20)": {"'a'"}, "char(3)": {"'a'"}, "uuid": {"'ac3e0000-0000-4000-8000-000000000001'"}, "date": {"'2026-01-02'", "'infinity'"},
	"timestamp": {"'2026-01-02 03:04:05'"}, "timestamptz": {"'2026-01-02 03:04:05.678901+02'", "'-infinity'"}, "time": {"'03:04'"}, "interval": {"'1 day'"},
	"bytea": {`'\x00ff'`}, "json": {`'{"a": [1, null]}'`, "'7'", "'null'"}, "jsonb": {"'[true]'", `'"x"'`, "'12345678901234567890'"}, "inet": {"'10.0.0.1'"},
	"int4range": {"'[1,5)'"}, "point": {"'(1,2)'"}, "money": {"'12.50'"}, "oid": {"7"}, "bit(3)": {"'101'"}, "tsvector": {"'a b'"}, "int2vector": {"'1 2'"},
	"mood": {"'fine'", `'so "so"'`}, "positive": {"5"}, "price": {"'9007199254740993'", "1"}, "email": {"'a@b'"}, "feeling": {"'fine'"}, "matrix": {"'{{1,2},{3,4}}'"},
	"address":   {`row('a street', 5, 9007199254740993, 0.5, array['fine', null]::mood[], null)`, "row(null, null, null, null, null, row(1))"},
	"integer[]": {"'{1,NULL}'", "'{}'"}, "integer[][]": {"'{{1,2},{3,NULL}}'"}, "bigint[]": {"'{9007199254740993}'"}, "text[]": {`'{a,"b c"}'`},
	"mood[]": {"'{fine,NULL}'"}, "email[]": {"'{a@b}'"}, "positive[]": {"'{1}'"}, "jsonb[]": {`array['1']::jsonb[]`},
	"address[]": {"array[row('a', 1, 2, 3, '{}', null)::address, null]"}, "tags": {"'{a,b}'"}, "point[]": {"array['(1,2)'::point]"}, "citext": {"'Any'"}, "hstore": {`'a=>1'`},
}

// own makes the types of written that are not PostgreSQL's.
const own = `
create extension hstore; create extension citext;
create type mood as enum ('fine', 'so "so"');
create domain positive as integer check (value > 0);
create domain price as numeric(30, 5);
create domain email as text not null;
create domain feeling as mood;
create domain matrix as integer[][];
create domain tags as text[];
create type inner_part as ("the n" integer);
create type address as (street text, zip integer, big bigint, "rate %" numeric, moods mood[], part inner_part);`

// drawn is a column of a drawn table.
type drawn struct {
	name, kind string
	required   bool
}

// secretly is the column that is excluded.
const secretly = "secretly"

// tables draws the columns of some tables, in which every type is used.
func tables(random *rand.Rand, count int) [][]drawn {
	names := []string{"a", "b", "order", "with space", `quo"te`, "it's", "1st", "Größe", "a-b", "class", "back\\slash", "$x", "tab\t", "constructor"}
	kinds := slices.Sorted(maps.Keys(written))
	random.Shuffle(len(kinds), func(i, k int) { kinds[i], kinds[k] = kinds[k], kinds[i] })
	all := make([][]drawn, count)
	for i, kind := range kinds {
		t := &all[i%count]
		*t = append(*t, drawn{names[len(*t)], kind, random.IntN(2) == 0 && kind != "email"})
	}
	return all
}

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal is a value of TypeScript, and of JSON.
func literal(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// TestTypesFitTheEvents: what comes over the wire has the types that are written, in tables
// that are drawn, and what does not come has not.
func TestTypesFitTheEvents(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("npm takes a while")
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	s := pgtest.Migrated(t, own)
	var checks strings.Builder
	check := func(format string, args ...any) { fmt.Fprintf(&checks, format+"\n", args...) }
	check("import { createFeed } from %q;\nimport type { EventData, RowsByStem, Tables } from %q;", "@rowcast/client", "./tables")
	for i, all := range tables(rand.New(rand.NewPCG(seed, 0)), 5) { //nolint:gosec // a draw that can be repeated
		stem := fmt.Sprintf("thing-%d", i)
		draw(t, s, stem, i, all)
		check("// @ts-expect-error it is excluded\nexport type X%d = RowsByStem[%q][%q];", i, stem, secretly)
		for n, c := range all {
			member := fmt.Sprintf("RowsByStem[%q][%s]", stem, literal(c.name))
			if strings.HasPrefix(c.kind, "json") && c.kind != "jsonb[]" || c.kind == "hstore" {
				continue
			}
			check("// @ts-expect-error %s is no %s\nexport const d%d_%d: %s = new Date();", "a date", c.kind, i, n, member)
			if c.required || strings.HasPrefix(c.kind, "email") && c.kind != "email[]" {
				check("// @ts-expect-error never null\nexport const n%d_%d: %s = null;", i, n, member)
			}
		}
	}
	// A table whose type has a name that is taken, and one of the catalogue without a
	// column of its events.
	s.Exec(t, `create table taken (id int primary key, tenant_id text)`, `select rowcast.watch('taken', name => 'event-data')`,
		`insert into taken values (1, 'T')`, `create table orders (id int primary key, tenant_id text, "count" int)`, `select rowcast.watch('orders')`,
		`insert into orders values (1, 'T', 5)`, `update orders set "count" = null`, `delete from orders`, `select rowcast.seal()`)
	environ := []string{"DATABASE_URL=" + s.DSN}
	code, history, stderr := rowcast(t, environ, "history", "--tenant", "T", "--limit", "0", "-o", "json")
	if code != program.ExitOK {
		t.Fatal(stderr)
	}
	events := 0
	rows := map[string][]json.RawMessage{}
	for line := range strings.Lines(history) {
		var e struct {
			Event string
			Data  json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		check("export const e%d: EventData[%q] = %s;", events, e.Event, e.Data)
		if stem, verb, _ := strings.Cut(e.Event, ":"); verb == "updated" {
			rows[stem] = append(rows[stem], e.Data)
		}
		events++
	}
	if events < 5*10 {
		t.Fatalf("only %d events", events)
	}
	check(`// @ts-expect-error no status changes where there is none
export type Never = EventData["order:status-changed"];
const feed = createFeed<Tables>({ url: "/", getToken: () => "t", onReset: () => {}, where: { "thing-1": { id: { gt: "5" } } }, events: ["thing-1:*"] });
feed.on("thing-1:created", (row, event) => [row.id, row.tenant_id, event.data.id]);
feed.on("thing-1:*", (_, { event }) => event === "thing-1:bulk");
feed.on("thing-1:bulk", ({ count }) => count + 1);
feed.on("*", ({ position }) => position);
feed.rows("thing-1", { where: { id: { gt: "5" } } }).rows.map((row) => row.tenant_id);
// @ts-expect-error no table is called so
feed.rows("thing-9");
// @ts-expect-error no table is called so
feed.on("thing-9:created", () => {});
// @ts-expect-error no event is called so
feed.on("thing-1:shipped", () => {});
// @ts-expect-error no table is called so
createFeed<Tables>({ url: "/", getToken: () => "t", onReset: () => {}, where: { "thing-9": {} } });
// @ts-expect-error it has no such column
createFeed<Tables>({ url: "/", getToken: () => "t", onReset: () => {}, where: { order: { nonsense: 5 } } });`)
	compile(t, environ, checks.String())
	seenByRoles(t, s, environ, rows["thing-1"])
}

// draw makes a table with rows, and changes them.
func draw(t *testing.T, s *pgtest.Env, stem string, i int, all []drawn) {
	t.Helper()
	definition := []string{"id bigint primary key", "tenant_id text not null"}
	values := func(n int) string {
		list := []string{fmt.Sprint(n), "'T'"}
		for _, c := range all {
			if of := written[c.kind]; c.required || n%3 > 0 || c.kind == "email" {
				list = append(list, of[n%len(of)]+"::"+c.kind)
			} else {
				list = append(list, "null")
			}
		}
		return "(" + strings.Join(list, ", ") + ")"
	}
	for _, c := range all {
		column := ident(c.name) + " " + c.kind
		if c.required {
			column += " not null"
		}
		definition = append(definition, column)
	}
	table := fmt.Sprintf("things_%d", i)
	s.Exec(t, fmt.Sprintf("create table %s (%s, doubled bigint generated always as (id * 2) stored, %s text default 'x')", table, strings.Join(definition, ", "), secretly))
	if _, err := s.Conn.Exec(t.Context(), "select rowcast.watch($1, name => $2, exclude => $3)", table, stem, []string{secretly}); err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		s.Exec(t, fmt.Sprintf("insert into %s values %s", table, values(n)))
	}
	s.Exec(t, fmt.Sprintf("update %s set id = id + 9007199254740993", table), fmt.Sprintf("delete from %s where id %% 2 = 0", table), fmt.Sprintf("truncate %s", table))
}

// compile has the types and what uses them compiled, strictly.
func compile(t *testing.T, environ []string, checks string) {
	t.Helper()
	code, types, stderr := rowcast(t, environ, "types")
	if code != program.ExitOK {
		t.Fatal(stderr)
	}
	client, err := filepath.Abs("../../internal/web/client/src/index.ts")
	if err != nil {
		t.Fatal(err)
	}
	dir := files(t, map[string]string{
		"tables.ts": types, "checks.ts": checks,
		"tsconfig.json": `{"compilerOptions": {"strict": true, "exactOptionalPropertyTypes": true, "noEmit": true, "target": "es2022", "lib": ["es2023", "dom", "dom.iterable"],
			"module": "esnext", "moduleResolution": "bundler", "types": [], "paths": {"@rowcast/client": [` + literal(client) + `]}}, "files": ["checks.ts"]}`,
	})
	npm.Install(t, "../../internal/web")
	defer func() {
		if t.Failed() {
			t.Logf("the types:\n%s", types)
		}
	}()
	npm.Run(t, "../../internal/web", "exec", "--", "tsc", "--project", dir)
}

// seenByRoles: the types hold for roles that do not see all columns, and for events that a
// policy makes.
func seenByRoles(t *testing.T, s *pgtest.Env, environ []string, rows []json.RawMessage) {
	t.Helper()
	dir := files(t, map[string]string{"policy.yaml": `
tables:
  thing-1:
    roles:
      manager: {}
      clerk: {columns: {except: ["a", "doubled"]}, rows: row.id > 0}
      picker: {columns: {only: [id, "b"]}}
      guest: none
    events:
      - {name: "thing-1:moved", on: update, when: old.id != row.id, data: [id, "a"]}
      - {name: "thing-1:touched", on: [insert, update]}
`})
	if code, _, stderr := rowcast(t, environ, "policy", "apply", dir+"policy.yaml"); code != program.ExitOK {
		t.Fatal(stderr)
	}
	state, err := store.Active(t.Context(), s.Conn)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := state.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	id := state.Tables[slices.IndexFunc(state.Tables, func(t store.Table) bool { return t.Stem == "thing-1" })].ID
	var checks strings.Builder
	fmt.Fprintf(&checks, "import type { EventData, RowsByStem } from %q;\n", "./tables")
	n := 0
	check := func(event string, data []byte) {
		n++
		fmt.Fprintf(&checks, "export const e%d: EventData[%q] = %s;\n", n, event, data)
	}
	for _, text := range rows {
		r := row.Scan(text, nil)
		for _, role := range []string{"manager", "clerk", "picker", "guest"} {
			viewer, err := rules.Viewer("T", []string{role}, nil)
			if err != nil {
				t.Fatal(err)
			}
			access := viewer.Table(id)
			if access.None() {
				continue
			}
			check("thing-1:updated", access.Columns().AppendRow(nil, &r, nil))
			for _, e := range rules.Events(id) {
				if e.Data() == nil {
					check(e.Name(), e.AppendData(nil, access.Columns(), &r))
				} else if !slices.ContainsFunc(e.Columns(), func(c string) bool { return !access.Columns().Has(c) }) {
					check(e.Name(), e.AppendData(nil, access.Columns(), &r))
				}
			}
		}
	}
	if n < 30 {
		t.Fatalf("only %d events", n)
	}
	fmt.Fprint(&checks, `
export const bulk: EventData["thing-1:bulk"] = { operation: "insert", table: "things_1" };
export const all: EventData["thing-2:bulk"] = { operation: "insert", table: "things_2", count: 5, from: 1, to: 5 };
// @ts-expect-error everybody sees these
export const some: EventData["thing-2:bulk"] = { operation: "insert", table: "things_2" };
// @ts-expect-error a clerk does not see it
export const a: {} | null = ({} as RowsByStem["thing-1"]).a;
`)
	compile(t, environ, checks.String())
}

func TestTypesAreRefused(t *testing.T) {
	t.Parallel()
	environ := []string{"DATABASE_URL=" + pgtest.Migrated(t).DSN}
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"--lang", "cobol"}, `--lang is "cobol"; there is ts`},
		{nil, "no table is watched"},
	} {
		code, stdout, stderr := rowcast(t, environ, append([]string{"types"}, test.args...)...)
		if code == program.ExitOK || stdout != "" || !strings.Contains(stderr, test.says) {
			t.Errorf("%v: exit %d, %s%s", test.args, code, stdout, stderr)
		}
	}
}

// TestTypesForAServer: a role that serves may write them, and they are the same.
func TestTypesForAServer(t *testing.T) {
	t.Parallel()
	pgtest.Admin(t, pgtest.Server(t), "create role types_server login")
	t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), "drop role types_server") })
	s := newEnv(t)
	s.Exec(t, `select rowcast.grant_service('types_server')`)
	t.Cleanup(func() { pgtest.Psql(t, s.DSN, "-c", "drop owned by types_server") })
	var texts []string
	for _, dsn := range []string{s.DSN, strings.Replace(s.DSN, "user=postgres", "user=types_server", 1)} {
		code, types, stderr := rowcast(t, []string{"DATABASE_URL=" + dsn}, "types")
		if code != program.ExitOK {
			t.Fatal(stderr)
		}
		texts = append(texts, types)
	}
	if texts[0] != texts[1] || !strings.Contains(texts[0], `"order:status-changed"`) {
		t.Errorf("the owner gets\n%s\na server gets\n%s", texts[0], texts[1])
	}
}
