package triggers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/test/pgtest"
)

// allWrites are a statement of each kind, on rows that are there.
var allWrites = []string{
	`insert into docs values (1, 'T', 'one')`, `insert into docs select n, 'T', 'many' from generate_series(2, 100) n`,
	`update docs set body = 'uno' where id = 1`, `update docs set body = body || '!'`, `delete from docs where id = 1`, `truncate docs`,
}

// Nothing of a session that has paused is captured, whatever it does and under
// whatever settings, until it resumes; all other sessions are.
func TestPauseSilencesItsSession(t *testing.T) {
	t.Parallel()
	for _, settings := range []string{`select 1`, `set timezone = 'Europe/Berlin'`, `set session_replication_role = replica`} {
		d := newDatabase(t, settings, `select rowcast.pause('a test')`)
		d.Exec(t, allWrites...)
		other := d.Connect(t)
		pgtest.Exec(t, other, `insert into docs values (1, 'U', 'captured')`)
		d.Exec(t, `begin transaction isolation level serializable`, `update docs set body = 'x'`, `commit`)
		d.wantLog(t, `i U (1,U,captured)`)
		if !pgtest.Query[bool](t, d.Conn, `select rowcast.resume()`) || pgtest.Query[bool](t, d.Conn, `select rowcast.resume()`) {
			t.Error("resume does not say whether there was a pause")
		}
		d.Exec(t, `delete from docs`)
		d.wantLog(t, `i U (1,U,captured)`, `d U <(1,U,x)`)
	}
}

// A pause ends with what it was for.
func TestPauseEnds(t *testing.T) {
	t.Parallel()
	insert := func(tenant string) string { return `insert into docs values (` + tenant + `, '` + tenant + `', 'x')` }
	for _, test := range []struct {
		name       string
		statements []string
		want       string
	}{
		{"with its transaction", []string{
			`begin`, insert("1"), `select rowcast.pause('r', this_transaction => true)`, insert("2"), `savepoint s`, insert("3"), `commit`, insert("4"),
		}, "1 4"},
		{"with a transaction rolled back", []string{`begin`, `select rowcast.pause('r', this_transaction => true)`, `rollback`, insert("1")}, "1"},
		{"with the statement", []string{`select rowcast.pause('r', this_transaction => true)`, insert("1")}, "1"},
		{"if it is rolled back", []string{`begin`, `select rowcast.pause('r')`, insert("1"), `rollback`, insert("2")}, "2"},
		{"if it is rolled back to a savepoint", []string{`begin`, `savepoint s`, `select rowcast.pause('r')`, `rollback to s`, insert("1"), `commit`}, "1"},
		{"not when resume is rolled back", []string{`select rowcast.pause('r')`, `begin`, `select rowcast.resume()`, insert("1"), `rollback`, insert("2")}, ""},
		{"when resumed within a transaction", []string{`begin`, `select rowcast.pause('r', true)`, insert("1"), `select rowcast.resume()`, insert("2"), `commit`}, "2"},
		{"as a pooler ends it", []string{`select rowcast.pause('r')`, insert("1"), `discard all`, insert("2")}, "2"},
		{"for the session, within one for the transaction", []string{
			`begin`, `select rowcast.pause('r', true)`, `select rowcast.pause('r')`, `commit`, insert("1"), `select rowcast.resume()`, insert("2"),
		}, "2"},
		{"not with a transaction within it", []string{
			`select rowcast.pause('r')`, `begin`, `select rowcast.pause('r', true)`, `commit`, insert("1"), `select rowcast.resume()`, insert("2"),
		}, "2"},
		{"when another session says so", []string{`select rowcast.pause('r')`, `select rowcast.resume(1)`, insert("1")}, "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, test.statements...)
			if got := pgtest.Query[string](t, d.Conn, `select coalesce(string_agg(tenant, ' ' order by id), '') from rowcast.log`); got != test.want {
				t.Errorf("captured is %q; want %q", got, test.want)
			}
		})
	}
}

// A setting is no pause. Only the record of this very session, and while it goes
// on, makes capture silent.
func TestSettingAloneSilencesNothing(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	writer := d.Connect(t)
	d.Exec(t, `select rowcast.pause('a test')`)
	token := pgtest.Query[string](t, d.Conn, `select current_setting('rowcast.pause')`)
	var want []string
	for n, setting := range []string{"on", "1", token, strings.Repeat("x", 5000), "';drop table rowcast.pause;"} {
		pgtest.Exec(t, writer, `select set_config('rowcast.pause', $$`+setting+`$$, false)`, fmt.Sprintf(`insert into docs values (%d, 'T', 'x')`, n))
		want = append(want, fmt.Sprintf("i T (%d,T,x)", n))
	}
	pgtest.Exec(t, writer, `truncate docs`, `set session_replication_role = replica`, `insert into docs values (9, 'T', 'x')`)
	want = append(want, "t", "i T (9,T,x)")
	d.wantLog(t, want...)
	// Its own, after it has ended.
	d.Exec(t, `select rowcast.resume()`, `select set_config('rowcast.pause', '`+token+`', false)`, `insert into docs values (10, 'T', 'x')`)
	// Its own, of a transaction before.
	d.Exec(t, `reset rowcast.pause`, `begin`, `select rowcast.pause('a test', true)`)
	token = pgtest.Query[string](t, d.Conn, `select current_setting('rowcast.pause')`)
	d.Exec(t, `commit`, `select set_config('rowcast.pause', '`+token+`', false)`, `insert into docs values (11, 'T', 'x')`)
	d.wantLog(t, append(want, "i T (10,T,x)", "i T (11,T,x)")...)
}

// Who pauses is on record, as it called itself and as it had connected, and the
// record ends with the session.
func TestPauseIsRecorded(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	session := d.Connect(t)
	pgtest.Exec(t, session, `set application_name = 'nightly'`, `select rowcast.pause('import of May')`)
	records := func() []string {
		return pgtest.Column[string](t, d.Conn, `select concat_ws(' ', p.role, p.application, p.reason, case when p.this_transaction then 'transaction' end,
			case when p.active then 'active' end, case when p.ended_at is not null then 'ended' end) from rowcast.pauses() p order by p.id`)
	}
	want := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, records()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	}
	want("postgres nightly import of May active")
	if pgtest.Query[int64](t, d.Conn, `select rowcast.end_pauses()`) != 0 {
		t.Error("a pause that goes on was ended")
	}
	if err := session.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(timeout); pgtest.Query[bool](t, d.Conn, `select bool_or(active) from rowcast.pauses()`); {
		if time.Now().After(deadline) {
			t.Fatal("the pause outlives its session")
		}
	}
	want("postgres nightly import of May")
	d.Exec(t, `select rowcast.prune('1 day')`)
	want("postgres nightly import of May ended")
	d.Exec(t, `set application_name = 'psql'`, `select rowcast.pause('r', true)`)
	want("postgres nightly import of May ended", "postgres psql r transaction")
	for _, reason := range []string{`null`, `''`, `'  '`} {
		if err := refused(t, d.Conn, `select rowcast.pause(`+reason+`)`); !strings.Contains(err.Message, "a pause needs a reason") {
			t.Errorf("reason %s: %v", reason, err)
		}
	}
}

// Only roles that were granted it pause, and the right to do so gives no other.
func TestOnlyGrantedRolesPause(t *testing.T) {
	t.Parallel()
	pg := pgtest.Server(t)
	pgtest.Admin(t, pg, `create role pause_importer`, `create role pause_writer`)
	t.Cleanup(func() { pgtest.Admin(t, pg, `drop role pause_importer`, `drop role pause_writer`) })
	d := newDatabase(t, `grant insert, delete on docs to pause_importer, pause_writer`, `create schema own`,
		`grant usage on schema rowcast to pause_importer`, `grant execute on function rowcast.pause(text, boolean) to pause_importer`,
		`grant create, usage on schema own to pause_importer`)
	d.Exec(t, `set role pause_writer`)
	for _, statement := range []string{`select rowcast.pause('r')`, `select rowcast.resume()`, `select * from rowcast.pause`} {
		if err := refused(t, d.Conn, statement); err.Code != "42501" {
			t.Errorf("%s: %v; want permission denied", statement, err)
		}
	}
	d.Exec(t, `set role pause_importer`, `select rowcast.pause('r')`, `insert into docs values (1, 'T', 'paused')`, `select rowcast.resume()`,
		`insert into docs values (2, 'T', 'two')`)
	d.Exec(t, `create table own.forged (id int primary key, tenant_id text)`, `create table own.parent (id int, tenant_id text) partition by range (id)`)
	for _, statement := range []string{
		`select * from rowcast.pause`, `update rowcast.pause set ended_at = null`, `insert into rowcast.log_active (begun, watched, rows, op) values (1, 1, 1, 't')`,
		`select rowcast.resume(1)`, `select rowcast.seal()`, `select rowcast.replay('T', 1, 1)`, `select rowcast.verify('public.docs')`, `select rowcast.watch('own.forged')`,
		`create trigger f after insert on own.forged referencing new table as changed_rows for each statement execute function rowcast.capture('1', '2', '{}', 'tenant_id', '{}')`,
		`create trigger f after truncate on own.forged for each statement execute function rowcast.capture_truncate('1')`,
	} {
		if err := refused(t, d.Conn, statement); err.Code != "42501" {
			t.Errorf("%s: %v; want permission denied", statement, err)
		}
	}
	// The row trigger has to stay open to the owners of partitions.
	d.Exec(t, `create trigger f after insert on own.forged for each row execute function rowcast.capture_replicated('1', '2', '{}', 'tenant_id', '{}')`,
		`insert into own.forged values (1, 'T')`)
	d.Exec(t, `reset role`)
	d.wantLog(t, `i T (2,T,two)`)
	if got := pgtest.Query[string](t, d.Conn, `select role from rowcast.pauses()`); got != "pause_importer (connected as postgres)" {
		t.Errorf("the record names %s", got)
	}
}

// The function of early versions goes.
func TestUnusedFunctionIsDropped(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create function rowcast.end_statement(relation oid, op text) returns bigint language sql as 'select 1::bigint'`)
	pgtest.Migrate(t, d.DSN)
	if n := pgtest.Query[int](t, d.Conn, `select count(*)::int from pg_proc where proname = 'end_statement'`); n != 0 {
		t.Error("rowcast.end_statement is still there")
	}
}
