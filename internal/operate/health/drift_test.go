package health_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rowcast/internal/operate/health"
)

// all names every trigger of a table.
func all(table string) (names []string) {
	for _, name := range []string{"begin_delete", "begin_insert", "begin_update", "close", "delete", "insert", "replicated", "truncate", "update"} {
		names = append(names, "rowcast_"+name+" on "+table)
	}
	return names
}

// Each way in which a table can stop to be captured is found, named, and
// repaired by migrate, after which changes are captured again.
func TestDriftIsFoundAndRepaired(t *testing.T) {
	t.Parallel()
	s := newWatcher(t)
	without := func(names []string, less string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.Contains(n, less) })
	}
	for _, test := range []struct {
		name     string
		make     []string
		table    string
		triggers []string
	}{
		{"disable all", []string{`alter table docs disable trigger all`}, "docs", all("docs")},
		{"disable user", []string{`alter table docs disable trigger user`}, "docs", all("docs")},
		{"disable one", []string{`alter table docs disable trigger rowcast_update`}, "docs", []string{"rowcast_update on docs"}},
		{"drop one", []string{`drop trigger rowcast_truncate on docs`}, "docs", []string{"rowcast_truncate on docs"}},
		{
			"enable all after disable",
			[]string{`alter table docs disable trigger all`, `alter table docs enable trigger all`},
			"docs",
			[]string{
				"rowcast_begin_delete on docs", "rowcast_begin_insert on docs", "rowcast_begin_update on docs", "rowcast_close on docs",
				"rowcast_replicated on docs", "rowcast_truncate on docs",
			},
		},
		{"always", []string{`alter table docs enable always trigger rowcast_insert`}, "docs", []string{"rowcast_insert on docs"}},
		{
			"another function", []string{
				`create or replace trigger rowcast_insert after insert on docs execute function suppress_redundant_updates_trigger()`,
			}, "docs", []string{"rowcast_insert on docs"},
		},
		{"triggers dropped with the functions", []string{`drop function rowcast.capture cascade`}, "docs", []string{"rowcast_delete on docs", "rowcast_insert on docs"}},
		{"partition created", []string{`create table readings_2 partition of readings for values from (10) to (20)`}, "readings", without(all("readings_2"), "replicated")},
		{
			"partition attached", []string{
				`create table readings_3 (tenant_id text, id int not null)`,
				`alter table readings attach partition readings_3 for values from (20) to (30)`,
			}, "readings", without(all("readings_3"), "replicated"),
		},
		{"partition disabled", []string{`alter table readings_1 disable trigger all`}, "readings", all("readings_1")},
		{
			"parent disabled",
			[]string{`alter table only readings disable trigger rowcast_insert`},
			"readings",
			[]string{"rowcast_insert on readings"},
		},
		{"row trigger dropped", []string{
			`do $$ begin execute (select format('drop trigger %I on readings', tgname) from pg_trigger where tgrelid = 'readings'::regclass and tgname ~ '^rowcast_replicated_'); end $$`,
		}, "readings", []string{
			"rowcast_replicated on readings", "rowcast_replicated on readings_1", "rowcast_replicated on readings_2", "rowcast_replicated on readings_3",
		}},
	} {
		s.Exec(t, test.make...)
		got := s.until(t, test.name, func(got health.Status) bool {
			// A check in the moment of an attach sees the partition before its triggers.
			return slices.ContainsFunc(got.Drifted, func(d health.Drift) bool {
				return d.Table == test.table && slices.Equal(d.Triggers, test.triggers)
			})
		})
		for _, d := range got.Drifted {
			if d.Table != test.table && test.name != "triggers dropped with the functions" {
				t.Errorf("%s: %s has drifted, too", test.name, d)
			}
			if d.Table == test.table && d.Lost != (test.name != "always") {
				t.Errorf("%s: changes are lost: %v", test.name, d.Lost)
			}
			if d.Table == test.table {
				if !strings.Contains(d.Detail, "repair it with rowcast migrate: ") || !strings.Contains(d.String(), d.Triggers[0]) ||
					time.Since(d.Since) > timeout || d.Intact.IsZero() || !d.Intact.Before(d.Since) {
					t.Errorf("%s: %s, intact at %s", test.name, d, d.Intact)
				}
			}
		}
		s.migrate(t)
		s.intact(t)
		before := s.captured(t)
		s.Exec(t, `insert into docs values (1, 'T')`, `update docs set body = 'x'`, `delete from docs`, `truncate docs`,
			`insert into readings values (1, 'T')`, `delete from readings_1`)
		if got := s.captured(t) - before; got != 6 {
			t.Errorf("%s: %d of 6 changes are captured after the repair", test.name, got)
		}
	}
}

// A table that was dropped is reported until migrate stops to watch it.
func TestDroppedTableIsDrift(t *testing.T) {
	t.Parallel()
	s := newWatcher(t)
	s.Exec(t, `drop table docs`)
	got := s.until(t, "drift", func(got health.Status) bool { return len(got.Drifted) == 1 })
	d := got.Drifted[0]
	if d.Table != "public.docs" || d.Detail != "the table was dropped; rowcast migrate stops watching it" || got.Triggers() != 9 {
		t.Errorf("%s, %d triggers", d, got.Triggers())
	}
	steps := s.migrate(t)
	if last := steps[0]; last.What != "table public.docs" || !strings.Contains(last.Did, "no longer watched: it was dropped") {
		t.Errorf("migrate did %v", steps)
	}
	s.intact(t)
	s.Exec(t, `create table docs (id int primary key, tenant_id text)`, `select rowcast.watch('docs')`)
	s.intact(t)
}

// The row trigger captures for session_replication_role = replica. Only where
// it is missing are those writers missed.
func TestReplicaWriterIsNoDrift(t *testing.T) {
	t.Parallel()
	s := newWatcher(t)
	s.Exec(t, `set session_replication_role = replica`, `insert into docs values (1, 'T'), (2, 'T')`,
		`insert into readings values (1, 'T')`, `update docs set body = 'x' where id = 1`, `truncate docs`)
	s.intact(t)
	if got := s.captured(t); got != 5 {
		t.Errorf("%d of 5 changes are captured", got)
	}
	s.Exec(t, `alter table docs disable trigger rowcast_replicated`, `insert into docs values (3, 'T')`)
	s.until(t, "drift", func(got health.Status) bool {
		return len(got.Drifted) == 1 && slices.Equal(got.Drifted[0].Triggers, []string{"rowcast_replicated on docs"})
	})
	if got := s.captured(t); got != 5 {
		t.Errorf("%d changes are captured without the row trigger", got)
	}
}

func TestDriftIsLoggedOnce(t *testing.T) {
	t.Parallel()
	s := newWatcher(t)
	s.Exec(t, `alter table docs disable trigger rowcast_update`)
	first := s.until(t, "drift", func(got health.Status) bool { return len(got.Drifted) == 1 }).Drifted[0]
	// Checks go on; the state is the same.
	for range 5 {
		last := s.Status().Checked
		s.until(t, "next check", func(got health.Status) bool { return got.Checked.After(last) })
	}
	drifted := s.log.lines("triggers have drifted")
	if len(drifted) != 1 || !strings.Contains(drifted[0], "level=WARN") || !strings.Contains(drifted[0], "table=docs") ||
		!strings.Contains(drifted[0], "rowcast_update on docs") || !strings.Contains(drifted[0], "changes since then are not captured") ||
		!strings.Contains(drifted[0], `repair="rowcast migrate"`) {
		t.Errorf("the log says %q", drifted)
	}
	// Another trigger is another state, which began when the table drifted.
	s.Exec(t, `alter table docs disable trigger rowcast_insert`)
	second := s.until(t, "more drift", func(got health.Status) bool { return got.Triggers() == 2 }).Drifted[0]
	if !second.Since.Equal(first.Since) || len(s.log.lines("triggers have drifted")) != 2 {
		t.Errorf("since %s, then since %s", first.Since, second.Since)
	}
	s.migrate(t)
	s.intact(t)
	if again := s.log.lines("as installed again"); len(again) != 1 || !strings.Contains(again[0], "table=docs") || !strings.Contains(again[0], "level=INFO") {
		t.Errorf("the log says %q", again)
	}
}

// A table that cannot be looked at keeps the state that was found last.
func TestUnansweredCheckKeepsTheState(t *testing.T) {
	t.Parallel()
	s := newWatcher(t)
	s.Exec(t, `alter table docs disable trigger all`)
	s.until(t, "drift", func(got health.Status) bool { return len(got.Drifted) == 1 })
	s.Exec(t, `alter function rowcast.trigger_drift() rename to other_name`)
	deadline := time.Now().Add(timeout)
	for len(s.log.lines("the triggers cannot be checked")) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("a check that fails is not logged")
		}
		time.Sleep(time.Millisecond)
	}
	if got := s.Status(); len(got.Drifted) != 1 {
		t.Errorf("the state is %+v", got)
	}
	s.Exec(t, `alter function rowcast.other_name() rename to trigger_drift`, `alter table docs enable trigger all`)
	s.migrate(t)
	s.intact(t)
	if failed := s.log.lines("the triggers cannot be checked"); len(failed) != 1 || !strings.Contains(failed[0], "rowcast migrate") {
		t.Errorf("the log says %q", failed)
	}
	if back := s.log.lines("can be checked again"); len(back) != 1 {
		t.Errorf("the log says %q", back)
	}
}
