package triggers_test

import (
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

// states are those of pg_trigger.tgenabled, and how one comes into them.
var states = map[string]string{"D": "disable", "O": "enable", "R": "enable replica", "A": "enable always"}

// fires says whether a trigger in the state fires in a role.
func fires(state, role string) bool {
	return state == "A" || state == "O" && role == "origin" || state == "R" && role == "replica"
}

// Every combination of the states of the triggers that capture, and of those that
// keep the order: a change is told once, or else not at all, and that is said.
func TestTriggerStates(t *testing.T) {
	t.Parallel()
	for statement := range states {
		for row := range states {
			t.Run(statement+row, func(t *testing.T) {
				t.Parallel()
				d := newDatabase(t)
				for begin := range states { // truncate has the state of those that begin a statement
					for closing := range states {
						tryStates(t, d, statement, row, begin, closing)
					}
				}
				d.Exec(t, `select rowcast.install_triggers(id) from rowcast.watched`)
				if drift := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift()`); len(drift) > 0 {
					t.Errorf("repaired, drift says %v", drift)
				}
			})
		}
	}
}

func tryStates(t *testing.T, d *database, statement, row, begin, closing string) {
	t.Helper()
	var set []string
	for name, state := range map[string]string{
		"rowcast_insert": statement, "rowcast_update": statement, "rowcast_delete": statement, "rowcast_replicated": row,
		"rowcast_begin_insert": begin, "rowcast_begin_update": begin, "rowcast_begin_delete": begin, "rowcast_truncate": begin, "rowcast_close": closing,
	} {
		set = append(set, states[state]+" trigger "+name)
	}
	d.Exec(t, `alter table docs `+strings.Join(set, ", "))
	missed := false
	for _, role := range []string{"origin", "replica"} {
		d.Exec(t, `delete from rowcast.log`, `set session_replication_role = `+role,
			`insert into docs values (1, 'T', 'one')`, `insert into docs select g, 'T', 'x' from generate_series(2, 4) g`,
			`update docs set body = 'uno' where id = 1`, `begin`, `update docs set body = 'y' where id > 1`, `delete from docs where id = 2`, `commit`,
			`truncate docs`, `reset session_replication_role`)
		got := pgtest.Query[string](t, d.Conn, `select concat_ws(' ', coalesce(sum(rows) filter (where op <> 't'), 0), count(*) filter (where op = 't')) from rowcast.log`)
		rows, truncates := 0, 0
		if role == "origin" && fires(statement, role) || role == "replica" && fires(row, role) {
			rows = 1 + 3 + 1 + 3 + 1
		}
		if fires(begin, role) {
			truncates = 1
		}
		missed = missed || rows == 0 || truncates == 0
		if want := fmt.Sprint(rows, " ", truncates); got != want {
			t.Errorf("statement %s, row %s, begin and truncate %s, close %s: a role of %s has %s changes and truncates in the log; want %s", statement, row, begin, closing, role, got, want)
		}
	}
	installed := statement == "O" && row == "R" && begin == "A" && closing == "R"
	drift := pgtest.Column[string](t, d.Conn, `select case when lost then 'lost: ' else 'not lost: ' end || detail from rowcast.trigger_drift()`)
	if installed != (len(drift) == 0) {
		t.Fatalf("statement %s, row %s, begin %s, close %s: drift says %v", statement, row, begin, closing, drift)
	}
	if installed {
		return
	}
	says := drift[0]
	if missed != strings.HasPrefix(says, "lost: not captured in full, repair it with rowcast migrate: ") || !missed && !strings.HasPrefix(says, "not lost: captured in full, but ") {
		t.Errorf("statement %s, row %s, begin %s, close %s: changes are missed: %v, and drift says %s", statement, row, begin, closing, missed, says)
	}
	for what, expected := range map[string]bool{
		"inserts": !fires(statement, "origin"), "updates": !fires(statement, "origin"), "deletes": !fires(statement, "origin"), "truncates": begin != "A",
		"what is written while session_replication_role is replica": !fires(row, "replica"),
	} {
		if strings.Contains(says, what) != expected {
			t.Errorf("statement %s, row %s, begin %s, close %s: drift says %s; of %s: %v", statement, row, begin, closing, says, what, expected)
		}
	}
}

// What pg_dump writes around its data: the row trigger fires for everybody from
// then on. Everything local is told once, and the words say what is missed.
func TestDisabledAndEnabledAgain(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `alter table docs disable trigger all`, `alter table docs enable trigger all`,
		`insert into docs values (1, 'T', 'one')`, `update docs set body = 'uno'`, `delete from docs`, `truncate docs`)
	d.wantLog(t, `i T (1,T,one)`, `u T (1,T,uno)<(1,T,one)`, `d T <(1,T,uno)`, `t`)
	says := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift() where lost`)
	if len(says) != 1 || !strings.Contains(says[0], "repair it with rowcast migrate: truncates, what is written while session_replication_role is replica are missed") {
		t.Errorf("drift says %v", says)
	}
}

// A trigger is what it does, whatever its name: one that was renamed captures and
// is no drift, and a repair does not install a second one.
func TestRenamedTrigger(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `alter trigger rowcast_insert on docs rename to audit_insert`, `alter trigger rowcast_replicated on docs rename to aaa`)
	if says := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift()`); len(says) > 0 {
		t.Errorf("drift says %v", says)
	}
	for range 2 {
		d.Exec(t, `delete from rowcast.log`, `insert into docs values (1, 'T', 'one')`, `set session_replication_role = replica`, `delete from docs`, `reset session_replication_role`)
		d.wantLog(t, `i T (1,T,one)`, `d T <(1,T,one)`)
		d.Exec(t, `select rowcast.install_triggers(id) from rowcast.watched`)
		if n := pgtest.Query[int](t, d.Conn, `select count(*) from pg_trigger where tgrelid = 'docs'::regclass`); n != 9 {
			t.Errorf("docs has %d triggers", n)
		}
	}
}

// A second trigger of ours, as an earlier repair made one, is said and goes.
func TestSecondTriggerIsReported(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	definition := pgtest.Query[string](t, d.Conn, `select pg_get_triggerdef(oid) from pg_trigger where tgname = 'rowcast_insert' and tgrelid = 'docs'::regclass`)
	d.Exec(t, strings.Replace(definition, "TRIGGER rowcast_insert", "TRIGGER once_more", 1))
	says := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift() where not lost`)
	if len(says) != 1 || !strings.HasPrefix(says[0], "captured more than once, repair it with rowcast migrate: ") {
		t.Errorf("drift says %v", says)
	}
	d.Exec(t, `select rowcast.install_triggers(id) from rowcast.watched`, `insert into docs values (1, 'T', 'one')`)
	d.wantLog(t, `i T (1,T,one)`)
}
