package triggers_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"pgregory.net/rapid"
)

// promiseRoles own and write the tables.
var promiseRoles = map[string]string{"promise_owner": "login", "promise_writer": "login", "promise_nobody": "login"}

// promiseKinds are the types of the columns, with whatever their owner can add.
func promiseKinds() []string {
	return slices.Concat([]string{
		`create table caught (what text)`, `create schema hostile`, `grant usage on schema hostile to public`, `create schema kinds authorization promise_owner`, `grant usage on schema kinds to public`,
	}, traps("hostile"), []string{
		`set role promise_owner`,
		`create type kinds.mood as enum ('sad', 'glad', 'so "so"')`,
		`create domain kinds.checked as integer check (value > 0)`, `create domain kinds.whim as kinds.mood check (value <> 'sad')`, `create domain kinds.named as pg_catalog.text check (pg_catalog.length(value) < 9)`,
		`create type kinds.pair as (a integer, m kinds.mood)`, `create type kinds.span as range (subtype = pg_catalog.float8)`, `create type kinds.moods as range (subtype = kinds.mood)`,
		`create function kinds.to_json(kinds.mood) returns json language plpgsql as $$ begin return (select only_here from not_in_the_path); end $$`,
		`create function kinds.to_text(kinds.pair) returns pg_catalog.text language plpgsql as $$ begin raise exception 'a cast was called'; end $$`,
		`create cast (kinds.mood as json) with function kinds.to_json(kinds.mood)`,
		`create cast (kinds.pair as pg_catalog.text) with function kinds.to_text(kinds.pair) as assignment`,
		`reset role`,
	})
}

type refusal struct{ code, message string }

// refusals are the errors with which a watched table refuses what another would
// not, as README and triggers/doc.go say.
var refusals = []refusal{
	{"42703", "the tenant column "}, // it was dropped
}

const usualChecks = 40

// For longer runs, of other draws each: go test -run TestWritersPromise
// -promise.checks 1000 -rapid.checks 1000 -timeout 0.
var promiseChecks = flag.Int("promise.checks", usualChecks, "tables that TestWritersPromise draws, at most -rapid.checks")

// TestWritersPromise draws tables, sessions and what people do, and does it to a
// watched table and to its twin, which is not. What succeeds there succeeds here, with the same
// result, and what the feed tells is what the table has, unless it is said that
// something is lost.
func TestWritersPromise(t *testing.T) {
	t.Parallel()
	roles(t, promiseRoles)
	d := newDatabase(t, promiseKinds()...)
	server := pgtest.Query[int](t, d.Conn, `select current_setting('server_version_num')::int`) / 10000
	t.Run("faults", func(t *testing.T) { findFaults(t, server) })
	notes := map[string]int{}
	t.Run("drawn", func(sub *testing.T) {
		checked, failed, small := 0, false, search{known: map[string]bool{}}
		rapid.Check(sub, func(rt *rapid.T) {
			if checked == *promiseChecks && !failed {
				return
			}
			checked++
			p := rapid.Custom(func(t *rapid.T) *promise { return drawPromise(t, server) }).Draw(rt, "promise")
			if !small.goesOn(fmt.Sprintf("%#v", p)) {
				return
			}
			if broken := d.keep(t, p, notes); broken != nil {
				failed = true
				rt.Log(broken.detail)
				rt.Fatal(broken.what)
			}
			small.passed()
		})
	})
	if t.Failed() {
		return
	}
	happened := func(what string) bool {
		return notes[what] > 0 || strings.HasSuffix(what, " = ") && slices.ContainsFunc(slices.Collect(maps.Keys(notes)), func(note string) bool {
			return strings.HasPrefix(note, what)
		})
	}
	for _, what := range wanted(t, d, server) {
		for seed := 0; !happened(what) && seed < 20; seed++ {
			p := rapid.Custom(func(t *rapid.T) *promise { return drawPromise(t, server).force(t, what) }).Example(seed)
			if broken := d.keep(t, p, notes); broken != nil {
				t.Fatalf("%s\n%s", broken.what, broken.detail)
			}
		}
		if !happened(what) {
			t.Errorf("%q never happened", what)
		}
	}
	t.Logf("%v", notes)
}

// wanted is what must have happened, whatever was drawn.
func wanted(t *testing.T, d *database, server int) []string {
	t.Helper()
	list := slices.Concat(dumpsOf(t, d), writes, []string{
		"alter", "state", "repair", "session", "set role", "rights", "revoke", "failed alike", "refused", "compared", "said to be lost",
		"partitioned", "child", "changes", "compared before migrate", "captured before migrate", "migrated",
		"begin", "begin isolation level repeatable read", "begin isolation level serializable", "set session_replication_role = replica",
		"set default_transaction_isolation = 'repeatable read'", "set default_transaction_isolation = serializable",
	})
	if len(dumpsOf(t, d)) > 1 {
		list = append(list, "data restored")
	}
	for _, name := range slices.Sorted(maps.Keys(drawnSettings)) {
		list = append(list, "set "+name+" = ")
	}
	return slices.DeleteFunc(list, func(what string) bool { return what == "merge" && server < 15 })
}

// force adds to what was drawn what makes something happen that was not drawn yet.
func (p *promise) force(t *rapid.T, what string) *promise {
	a := act{role: "postgres"}
	switch name, _, _ := strings.Cut(what, " "); {
	case strings.HasPrefix(what, "dump, "):
		a.dump = what
	case slices.Contains(writes, what):
		a.steps = []step{p.drawWrite(t, what), p.drawWrite(t, what), p.drawWrite(t, what)}
	case name == "set" && strings.Contains(what, "="):
		if strings.HasSuffix(what, "= ") {
			what += drawnSettings[strings.Fields(what)[1]][0]
		}
		a.settings, a.steps = []string{what}, []step{p.drawWrite(t, "update")}
	case what == "set role":
		a.begin, a.steps = "begin", []step{{sql: "set local role promise_owner", note: what}, p.drawWrite(t, "update")}
	case what == "rights" || what == "revoke":
		a = p.drawRights(t)
	case what == "refused":
		p.acts = append(p.acts, act{role: "postgres", alters: true, steps: []step{{sql: "alter table §.t drop column if exists tenant_id cascade", note: "alter"}}})
		a.steps = []step{{sql: "update §.t set part = part", note: "update"}}
	default:
		return p
	}
	a.unsure = p.unsure(a)
	p.acts = append(p.acts, a, p.drawAct(t), p.drawAct(t), p.drawAct(t))
	return p
}
