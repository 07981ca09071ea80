package store_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/policy/rule"
	"rowcast/internal/view/policy/store"
)

// TestRulesFollowTheTable: no name by which a table is watched opens what has rules.
func TestRulesFollowTheTable(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	apply(t, e.Conn, strict)
	settle(t, e.Conn)
	first := active(t, e.Conn).Tables[1]
	before := count(t, e.Conn, version)
	look := func(what, stem string, want ...string) {
		t.Helper()
		s := active(t, e.Conn)
		if got := sees(t, s, "clerk", stem); !slices.Equal(got, want) {
			t.Errorf("%s: a clerk sees %v, want %v", what, got, want)
		}
		if got := sees(t, s, "driver", stem); len(got) > 0 {
			t.Errorf("%s: a driver sees %v", what, got)
		}
	}
	change := func(statements ...string) {
		t.Helper()
		e.Exec(t, statements...)
		if now := count(t, e.Conn, version); now <= before {
			t.Errorf("%v: the rules are still of version %d", statements, now)
		} else {
			before = now
		}
	}
	change(`select rowcast.watch('orders', name => 'sale')`)
	look("another stem", "sale", "id", "status")
	change(`alter table orders rename to purchases`, `select rowcast.watch('purchases', name => 'purchase')`)
	look("another name", "purchase", "id", "status")
	if got := pgtest.Column[int64](t, e.Conn, `select distinct rowcast.relation_of(id)::bigint from rowcast.watched where name <> 'note'`); len(got) != 1 || got[0] != first.ID {
		t.Errorf("what was logged is of the tables %v, want %d", got, first.ID)
	}
	// Another table takes the stem: what was hidden there stays hidden.
	change(`create table orders (id bigint primary key, tenant_id text not null, status text, total numeric)`, `select rowcast.watch('orders', name => 'order')`)
	look("another table", "order", "id", "status")
	look("and the one that had it", "purchase", "id", "status")
}

// TestReplacedTable is dropped and made anew: the rules hold for what took its place, but
// not for columns that are others.
func TestReplacedTable(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	apply(t, e.Conn, strict)
	settle(t, e.Conn)
	e.Exec(t, `drop table orders`, `create table orders (id bigint primary key, tenant_id text not null, secret text, status text)`, `select * from rowcast.follow_names()`)
	s := active(t, e.Conn)
	if got := sees(t, s, "clerk", "order"); !slices.Equal(got, []string{"id"}) {
		t.Errorf("a clerk sees %v", got)
	}
	if got := sees(t, s, "driver", "order"); len(got) > 0 {
		t.Errorf("a driver sees %v", got)
	}
	e.Exec(t, `select rowcast.unwatch('orders')`)
	if s := active(t, e.Conn); s.Applied == nil || len(s.Tables) != 1 {
		t.Errorf("in force is %+v", s)
	}
}

// TestRulesFollowADump, in which tables and columns have other numbers.
func TestRulesFollowADump(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.Exec(t, `alter table notes add column gone int`, `alter table notes drop column gone`, `alter table notes add column body text`)
	apply(t, e.Conn, strict+"  note: {roles: {clerk: {columns: {only: [id, body]}}}}\n")
	settle(t, e.Conn)
	file, target := filepath.Join(t.TempDir(), "dump.sql"), pgtest.Database(t)
	// Its tables get other numbers than here.
	for _, args := range [][]string{{"pg_dump", "--dbname", e.DSN, "--file", file}, {"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target, "-c", "create table filler (id int)", "-f", file}} {
		if output, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, output)
		}
	}
	restored := pgtest.Open(t, target)
	for _, when := range []string{"restored", "migrated"} {
		s := active(t, restored.Conn)
		if got := sees(t, s, "clerk", "order"); !slices.Equal(got, []string{"id", "status"}) {
			t.Errorf("%s: a clerk sees %v", when, got)
		}
		if got := sees(t, s, "driver", "order"); len(got) > 0 {
			t.Errorf("%s: a driver sees %v", when, got)
		}
		// The number of the column is another one: it is withheld until the policy is applied again.
		if got := sees(t, s, "clerk", "note"); !slices.Equal(got, []string{"id"}) {
			t.Errorf("%s: of notes a clerk sees %v", when, got)
		}
		pgtest.Migrate(t, target)
	}
}

// TestTables compares what is said of columns with the catalogue of PostgreSQL.
func TestTables(t *testing.T) {
	t.Parallel()
	e := pgtest.Migrated(t, `create type mood as enum ('good', 'bad')`, `create domain code as char(3)`, `create domain inner_number as bigint`, `create domain number as inner_number`,
		`create table things (gone int, b boolean, i2 smallint, i4 integer not null, i8 bigint, n numeric(10, 2), f4 real, f8 double precision, t text, v varchar(20), c char(3), u uuid,
		 m mood, d date, ts timestamp, tz timestamptz, j json, jb jsonb, a int[], iv interval, by bytea, co code, nu number, tenant_id text not null, hidden text, primary key (u, i4))`,
		`alter table things drop column gone`, `alter table things enable row level security`, `select rowcast.watch('things', name => 'order', exclude => '{hidden}')`)
	tables, err := store.Tables(t.Context(), e.Conn)
	if err != nil || len(tables) != 1 {
		t.Fatalf("%+v, %v", tables, err)
	}
	got := tables[0]
	kinds := map[string]rule.Kind{}
	for _, c := range got.Columns {
		kinds[c.Name] = c.Kind
		if c.NotNull != slices.Contains([]string{"i4", "u", "tenant_id"}, c.Name) {
			t.Errorf("%s is never null: %t", c.Name, c.NotNull)
		}
		if want := pgtest.Query[int](t, e.Conn, `select attnum::integer from pg_attribute where attrelid = 'things'::regclass and attname = $1`, c.Name); c.Number != want {
			t.Errorf("%s has number %d, want %d", c.Name, c.Number, want)
		}
		if c.Name == "co" && c.Type != "character(3)" {
			t.Errorf("co is of type %s", c.Type)
		}
	}
	if diff := cmp.Diff(map[string]rule.Kind{
		"b": rule.Bool, "i2": rule.Int, "i4": rule.Int, "i8": rule.Int, "n": rule.Numeric, "f4": rule.Float, "f8": rule.Float, "t": rule.Text, "v": rule.Text, "c": rule.Text,
		"u": rule.UUID, "m": rule.Enum, "d": rule.Date, "ts": rule.Timestamp, "tz": rule.TimestampTZ, "j": rule.JSON, "jb": rule.JSON, "a": rule.Other, "iv": rule.Other, "by": rule.Other,
		"co": rule.Text, "nu": rule.Int, "tenant_id": rule.Text, "hidden": rule.Text,
	}, kinds); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(got.Key, []string{"u", "i4"}) || !slices.Equal(got.Excluded, []string{"hidden"}) || !got.Secured || got.Name != "things" ||
		got.ID != pgtest.Query[int64](t, e.Conn, `select 'things'::regclass::oid::bigint`) {
		t.Errorf("the table is %+v", got)
	}
	if events := strings.Join(got.Events, " "); !strings.Contains(events, "order:status-changed") || !strings.Contains(events, "order:truncated") || strings.Contains(events, "<") {
		t.Errorf("its events are %s", events)
	}
}
