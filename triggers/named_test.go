package triggers_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"rowcast/internal/test/pgtest"
)

// namedKinds are types of columns, each with a value for a number. What is computed
// has none.
var namedKinds = map[string]string{
	"int": "%d", "text": "'text %d'", "timestamptz": "timestamptz '2026-07-01 12:00:00+02' + %d * interval '1 s'",
	"jsonb": `'{"n": %d}'`, "mood": "case when %d %% 2 = 0 then 'ok' else 'not ok' end::mood", "mood[]": "array['ok', case when %d %% 2 = 0 then 'not ok' end]::mood[]",
	"varchar": "repeat('wide %d ', 4000)", "name": `E'\\x01%d'`, // one that JSON writes with \u
	"small": "%d %% 100", "whim": "case when %d %% 2 = 0 then 'ok' else 'not ok' end::mood", "pair": "row(%d, 'b')::pair", "mixed": `jsonb_populate_record(null::mixed, '{"a": %d, "m": "ok"}')`, "span": "span(%[1]d, %[1]d + 1)",
	"int generated always as (id + 1) stored": "", "int generated always as (id + 2) virtual": "",
}

// namedColumn is a column that may be left out: by the name that the triggers know, or
// because it had one that they know.
type namedColumn struct {
	name, kind string
	excluded   bool
}

// namedTable is a watched table that changes under its writers.
type namedTable struct {
	admin   *pgx.Conn
	writers []*pgx.Conn
	name    string
	parts   []string
	columns []*namedColumn
	// known are the names of excluded columns that the triggers know.
	known  []string
	tenant string
	kinds  []string
	n      int
}

func (n *namedTable) leftOut(c *namedColumn) bool {
	return c.excluded || slices.Contains(n.known, c.name) || strings.HasSuffix(c.kind, "virtual")
}

// install has the triggers know what they are installed with.
func (n *namedTable) install(exclude func(*namedColumn) bool) {
	var known []string
	for _, c := range n.columns {
		c.excluded = exclude(c)
		if c.excluded {
			known = append(known, c.name)
		}
	}
	n.known = known
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// freeName is one that no column has; most have been those of others before.
func (n *namedTable) freeName(rt *rapid.T) string {
	free := slices.DeleteFunc([]string{
		"a", "b", "c", `Odd " \ 'Name`, "r", "whole", "images", `%4$s $1 'from changed_rows whole`, `tg_argv[0]::integer' from new_rows whole`,
	}, func(name string) bool {
		return slices.ContainsFunc(n.columns, func(c *namedColumn) bool { return c.name == name })
	})
	return rapid.SampledFrom(append(free, fmt.Sprint("column_", n.n))).Draw(rt, "name")
}

func (n *namedTable) kind(rt *rapid.T) string { return rapid.SampledFrom(n.kinds).Draw(rt, "kind") }

// alter changes the definition, and the model with it.
func (n *namedTable) alter(t *testing.T, rt *rapid.T) {
	n.n++
	column := func() *namedColumn { return rapid.SampledFrom(n.columns).Draw(rt, "column") }
	var statement string
	changes := []string{"add", "rename", "rename", "drop", "retype", "rename tenant", "repair", "watch"}
	if slices.ContainsFunc(n.columns, func(c *namedColumn) bool { return c.kind == "mixed" }) {
		changes = append(changes, slices.Repeat([]string{"attribute"}, len(changes))...)
	}
	switch what := rapid.SampledFrom(changes).Draw(rt, "change"); {
	case what == "rename tenant":
		renamed := fmt.Sprint("tenant_", n.n)
		statement = fmt.Sprintf(`alter table %s rename column %s to %s`, n.name, n.tenant, renamed)
		n.tenant = renamed
	case what == "attribute":
		statement = fmt.Sprintf(`alter type mixed add attribute %s_%d text`, n.name, n.n)
	case what == "repair":
		statement = fmt.Sprintf(`select rowcast.install_triggers(id) from rowcast.watched where active and relation = '%s'::regclass`, n.name)
		n.install(func(c *namedColumn) bool { return c.excluded || slices.Contains(n.known, c.name) })
	case what == "watch":
		var names []string
		for _, c := range n.columns {
			if rapid.Bool().Draw(rt, "exclude") {
				names = append(names, pgQuote(c.name))
			}
		}
		statement = fmt.Sprintf(`select rowcast.watch('%s', tenant_column => '%s', exclude => array[%s]::text[])`, n.name, n.tenant, strings.Join(names, ", "))
		n.install(func(c *namedColumn) bool { return slices.Contains(names, pgQuote(c.name)) })
	case what == "add" || len(n.columns) == 0:
		c := &namedColumn{name: n.freeName(rt), kind: n.kind(rt)}
		statement = fmt.Sprintf(`alter table %s add column %s %s`, n.name, quoted(c.name), c.kind)
		n.columns = append(n.columns, c)
	case what == "rename":
		c := column()
		renamed := n.freeName(rt)
		statement = fmt.Sprintf(`alter table %s rename column %s to %s`, n.name, quoted(c.name), quoted(renamed))
		c.name = renamed
	case what == "drop":
		c := column()
		statement = fmt.Sprintf(`alter table %s drop column %s`, n.name, quoted(c.name))
		n.columns = slices.DeleteFunc(n.columns, func(o *namedColumn) bool { return o == c })
	default:
		c, kind := column(), n.kind(rt)
		if namedKinds[kind] == "" || namedKinds[c.kind] == "" {
			return
		}
		statement = fmt.Sprintf(`alter table %s alter column %s type %s using null`, n.name, quoted(c.name), kind)
		c.kind = kind
	}
	conn := rapid.SampledFrom(append([]*pgx.Conn{n.admin}, n.writers...)).Draw(rt, "session")
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		rt.Fatalf("%s: %v", statement, err)
	}
}

// write executes one statement, and compares the log with what the rows are.
func (n *namedTable) write(t *testing.T, rt *rapid.T) {
	n.n++
	target := rapid.SampledFrom(n.parts).Draw(rt, "target")
	rows := rapid.SampledFrom([]int{1, 1, 1, 3, 70}).Draw(rt, "rows")
	names, values := []string{"id", n.tenant}, []string{fmt.Sprintf("%d + g", 1000*n.n), "'T'"}
	var settable []*namedColumn
	for _, c := range n.columns {
		if literal := namedKinds[c.kind]; literal != "" {
			settable = append(settable, c)
			names, values = append(names, quoted(c.name)), append(values, fmt.Sprintf(literal, n.n))
		}
	}
	some := fmt.Sprintf(`id in (select id from %s order by id limit %d)`, target, rows)
	statement := rapid.SampledFrom([]string{"insert", "update", "update", "delete"}).Draw(rt, "statement")
	switch {
	case statement == "insert" || len(settable) == 0:
		statement = fmt.Sprintf(`insert into %s (%s) select %s from generate_series(1, %d) g`, target, strings.Join(names, ", "), strings.Join(values, ", "), rows)
	case statement == "update":
		c := rapid.SampledFrom(settable).Draw(rt, "column")
		statement = fmt.Sprintf(`update %s set %s = %s where %s`, target, quoted(c.name), fmt.Sprintf(namedKinds[c.kind], n.n), some)
	default:
		statement = fmt.Sprintf(`delete from %s where %s`, target, some)
	}
	isolation := rapid.SampledFrom([]string{"read committed", "read committed", "repeatable read"}).Draw(rt, "isolation")
	writer := rapid.SampledFrom(n.writers).Draw(rt, "writer")
	before := n.images(t, target)
	for _, s := range []string{`delete from rowcast.log`, `begin isolation level ` + isolation, statement, `commit`} {
		if _, err := writer.Exec(t.Context(), s); err != nil {
			rt.Fatalf("%s: %v", s, err)
		}
	}
	after := n.images(t, target)
	var want []string
	for id, image := range after {
		if old, there := before[id]; !there {
			want = append(want, "i "+image)
		} else if old != image {
			want = append(want, "u "+image+" < "+old)
		}
	}
	for id, image := range before {
		if _, there := after[id]; !there {
			want = append(want, "d < "+image)
		}
	}
	var got []string
	logged, err := n.admin.Query(t.Context(), `
		select op::text, coalesce(i.after, ''), coalesce(i.before, '') from rowcast.log cross join lateral unnest(after::text[], before::text[]) i (after, before)`)
	if err != nil {
		t.Fatal(err)
	}
	var op, row, old string
	if _, err := pgx.ForEachRow(logged, []any{&op, &row, &old}, func() error {
		if old, err = wholeOld(old, row); old != "" {
			old = "< " + old
		}
		got = append(got, strings.Join(slices.DeleteFunc([]string{op, row, old}, func(s string) bool { return s == "" }), " "))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
		rt.Fatalf("%s (-want +got):\n%s", statement, diff)
	}
}

// images are the rows of a table as the log should have them, by their keys.
func (n *namedTable) images(t *testing.T, target string) map[int]string {
	var names []string
	for _, name := range pgtest.Column[string](t, n.admin, `select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum`, target) {
		if !slices.ContainsFunc(n.columns, func(c *namedColumn) bool { return c.name == name && n.leftOut(c) }) {
			names = append(names, quoted(name))
		}
	}
	rows, err := n.admin.Query(t.Context(), fmt.Sprintf(`select t.id, (select row_to_json(x)::text from (select %s) x) from %s t`, strings.Join(names, ", "), target))
	if err != nil {
		t.Fatal(err)
	}
	images := map[int]string{}
	var id int
	var image string
	if _, err := pgx.ForEachRow(rows, []any{&id, &image}, func() error { images[id] = image; return nil }); err != nil {
		t.Fatal(err)
	}
	return images
}

// Whatever happens to the columns of a table between two statements, in the session of
// the writer or another, no statement fails, and the log has the rows without
// what is excluded.
func TestColumnsChangeUnderTheirCapture(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, append(oddTypes, `create domain whim as mood`, `create type mixed as (a int, m mood)`, `create type span as range (subtype = int)`, `set timezone = 'UTC'`)...)
	kinds := slices.Sorted(maps.Keys(namedKinds))
	if pgtest.Query[int](t, d.Conn, `select current_setting('server_version_num')::int`) < 180000 {
		kinds = slices.DeleteFunc(kinds, func(k string) bool { return strings.HasSuffix(k, "virtual") })
	}
	tables, own, whole := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		tables++
		n := &namedTable{admin: d.Conn, name: fmt.Sprint("drawn_", tables), tenant: "tenant_0", kinds: kinds}
		n.parts = []string{n.name}
		for _, settings := range []string{``, `set timezone = 'Asia/Kathmandu'; set search_path = pg_temp, public`} {
			conn, err := pgx.Connect(t.Context(), d.DSN)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
			pgtest.Exec(t, conn, settings)
			n.writers = append(n.writers, conn)
		}
		definition := fmt.Sprintf(`(id int primary key, %s text`, n.tenant)
		for range rapid.IntRange(0, 4).Draw(rt, "columns") {
			n.n++
			c := &namedColumn{name: n.freeName(rt), kind: n.kind(rt)}
			n.columns = append(n.columns, c)
			definition += ", " + quoted(c.name) + " " + c.kind
		}
		pgtest.Exec(t, n.admin, `drop table if exists `+n.name, `create table `+n.name+` `+definition+`)`)
		if rapid.Bool().Draw(rt, "partitioned") {
			part := n.name + "_part"
			pgtest.Exec(t, n.admin, `drop table `+n.name, `create table `+n.name+` `+definition+`) partition by range (id)`,
				`create table `+part+` partition of `+n.name+` for values from (minvalue) to (maxvalue)`)
			n.parts = append(n.parts, part)
		}
		defer pgtest.Exec(t, n.admin, `drop table `+n.name)
		var names []string
		for _, c := range n.columns {
			if rapid.Bool().Draw(rt, "exclude") {
				names = append(names, c.name)
			}
		}
		if _, err := n.admin.Exec(t.Context(), `select rowcast.watch($1::text::regclass, tenant_column => $2, exclude => $3)`, n.name, n.tenant, append([]string{}, names...)); err != nil {
			t.Fatal(explain(err))
		}
		n.install(func(c *namedColumn) bool { return slices.Contains(names, c.name) })
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			n.write(t, rt)
			if rapid.Bool().Draw(rt, "alter") {
				n.alter(t, rt)
			}
		}
		if pgtest.Query[bool](t, n.admin, `select exists (select from rowcast.watched w where relation = $1::text::regclass and to_regproc('rowcast.capture_' || w.id) is not null)`, n.name) {
			own++
		} else {
			whole++
		}
	})
	if own == 0 || whole == 0 {
		t.Errorf("of %d tables %d had capture functions of their own, and %d had none", tables, own, whole)
	}
	d.Exec(t, `select rowcast.drop_captures()`)
	if left := pgtest.Column[string](t, d.Conn, `select proname from pg_proc where proname ~ '^capture_(update_)?\d+$' union select name from rowcast.installed where name ~ '^capture_(update_)?\d+\('`); len(left) > 0 {
		t.Errorf("of tables that are gone the functions are left: %v", left)
	}
}

// A composite type gets another attribute, which does not touch the table: the log
// has it at once.
func TestTypeGrowsUnderItsCapture(t *testing.T) {
	t.Parallel()
	for _, attribute := range []string{"text", "mood"} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, `create type mood as enum ('ok', 'not ok')`, `create type grows as (a int, m `+attribute+`)`, `create domain tame as grows`,
				`create table typed (id int primary key, tenant_id text, g grows, gs grows[], t tame, secret text)`, `select rowcast.watch('typed', exclude => '{secret}')`)
			const insert = `insert into typed select n, 'T', (1, 'ok')::grows, array[(1, 'ok')::grows], (1, 'ok')::grows, 'hidden' from generate_series(%d, %d) n`
			d.Exec(t, fmt.Sprintf(insert, 1, 4), `update typed set secret = 'x' where id = 1`, `update typed set secret = 'x' where id > 1`)
			pgtest.Exec(t, d.Connect(t), `alter type grows add attribute b text`)
			for _, rows := range [][2]int{{1, 1}, {2, 4}} {
				d.Exec(t, `delete from rowcast.log`, fmt.Sprintf(`update typed set g.b = 'x', t.b = 'y' where id between %d and %d`, rows[0], rows[1]))
				for _, image := range pgtest.Column[string](t, d.Conn, `select unnest(after)::text from rowcast.log`) {
					_, got, _ := strings.Cut(image, `"T",`)
					if want := `"g":{"a":1,"m":"ok","b":"x"},"gs":[{"a":1,"m":"ok","b":null}],"t":{"a":1,"m":"ok","b":"y"}}`; got != want {
						t.Errorf("the log has %s; want %s", got, want)
					}
				}
				if n := pgtest.Query[int](t, d.Conn, `select sum(rows)::int from rowcast.log`); n != rows[1]-rows[0]+1 {
					t.Errorf("%d changes in the log", n)
				}
			}
		})
	}
}

// An excluded column is not read: an update beside a large one touches none of what
// PostgreSQL keeps of it.
func TestExcludedColumnIsNotRead(t *testing.T) {
	t.Parallel()
	for name, exclude := range map[string]bool{"excluded": true, "captured": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, `create table large (id int primary key, tenant_id text, body text, doc text)`,
				`alter table large alter column doc set storage external`)
			if exclude {
				d.Exec(t, `select rowcast.watch('large', exclude => '{doc}')`)
			} else {
				d.Exec(t, `select rowcast.watch('large')`)
			}
			d.Exec(t, `insert into large select n, 'T', 'one', repeat('x', 10000) from generate_series(1, 100) n`)
			for what, where := range map[string]string{"one": `id = 1`, "few": `id < 4`, "many": `true`} {
				const fetched = `select pg_stat_get_xact_blocks_fetched(reltoastrelid)::int from pg_class where oid = 'large'::regclass`
				d.Exec(t, `begin`)
				before := pgtest.Query[int](t, d.Conn, fetched)
				d.Exec(t, `update large set body = body || '.' where `+where)
				read := pgtest.Query[int](t, d.Conn, fetched) - before
				d.Exec(t, `rollback`)
				if read > 0 == exclude {
					t.Errorf("an update of %s rows read %d blocks of the large column", what, read)
				}
			}
		})
	}
}

// A table gets capture functions of its own when it needs them, and they go with its
// triggers. A name that is known to the triggers of none is nobody's.
func TestOwnCaptureFunctions(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create table notes (id int primary key, tenant_id text, secret text)`, `select rowcast.watch('notes', name => 'memo', exclude => '{secret}')`)
	const called = `select string_agg(distinct p.proname, ' ' order by p.proname) from pg_trigger g join pg_proc p on p.oid = g.tgfoid where g.tgrelid = 'notes'::regclass and p.proname ~ '^capture(_update|_\d+)*$'`
	own := pgtest.Query[string](t, d.Conn, `select format('capture_%1$s capture_update_%1$s', id) from rowcast.watched where table_name = 'notes'`)
	functions := func(want ...string) {
		t.Helper()
		if got := pgtest.Column[string](t, d.Conn, `select proname::text from pg_proc where proname ~ '^capture_(update_)?\d+$' order by 1`); !slices.Equal(got, want) {
			t.Errorf("functions %v; want %v", got, want)
		}
		if drift := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift()`); len(drift) > 0 {
			t.Errorf("drift says %v", drift)
		}
	}
	if got := pgtest.Query[string](t, d.Conn, called); got != own {
		t.Errorf("the triggers call %s; want %s", got, own)
	}
	functions(strings.Fields(own)...)

	// What takes the place of one is said, and repaired.
	first, _, _ := strings.Cut(own, " ")
	for _, alteration := range []string{
		`create or replace function rowcast.` + first + `() returns trigger language plpgsql security definer as $$ begin return null; end $$`,
		`alter function rowcast.` + first + `() security invoker`, `alter function rowcast.` + first + `() set work_mem = 64`, `drop function rowcast.` + first + ` cascade`,
		`alter function rowcast.` + first + `() owner to pg_monitor`,
	} {
		d.Exec(t, alteration)
		if drift := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift() where detail ~ $1`, first); len(drift) == 0 {
			t.Errorf("after %s drift says nothing", alteration)
		}
		d.Exec(t, `select rowcast.install_triggers(id) from rowcast.watched where active`)
		functions(strings.Fields(own)...)
	}

	// No longer needed, and needed again.
	d.Exec(t, `select rowcast.watch('notes', exclude => '{}')`)
	functions()
	if got := pgtest.Query[string](t, d.Conn, called); got != "capture capture_update" {
		t.Errorf("the triggers call %s", got)
	}
	d.Exec(t, `alter table notes add column mood text`, `select rowcast.watch('notes', exclude => '{secret}')`)
	functions(strings.Fields(own)...)
	d.Exec(t, `select rowcast.unwatch('notes')`)
	functions()

	// A migration keeps them up with the functions that they were made of.
	d.Exec(t, `select rowcast.watch('notes', name => 'memo', exclude => '{secret}')`)
	own = pgtest.Query[string](t, d.Conn, called)
	for name := range strings.FieldsSeq(own) {
		d.Exec(t, `create or replace function rowcast.`+name+`() returns trigger language plpgsql security definer as $$ begin perform rowcast.of_an_earlier_version(); return null; end $$`)
	}
	pgtest.Migrate(t, d.DSN)
	functions(strings.Fields(own)...)
	d.Exec(t, `insert into notes values (1, 'T', 'hidden')`)
	if got := pgtest.Query[string](t, d.Conn, `select after[1]::text from rowcast.log`); got != `{"id":1,"tenant_id":"T","mood":null}` {
		t.Errorf("the log has %s", got)
	}
}
