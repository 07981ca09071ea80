package sql_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

func TestAttachAndDetach(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create table invoices (id int primary key, account int, pdf text)`)
	attach := []string{"attach.sql", "table=public.invoices", "tenant_column=account", "name=bill", "exclude=pdf"}
	for range 2 {
		contains(t, run(t, s, attach...), "public.invoices", "bill", "account", "pdf", "captured")
	}
	contains(t, run(t, s, "attach.sql", "table=public.invoices"), "bill", "account", "pdf") // as it was
	if out := run(t, s, "attach.sql", "table=public.invoices", "readable=yes"); !strings.Contains(out, "| t        | captured") {
		t.Errorf("a table that was opened is shown as\n%s", out)
	}
	contains(t, run(t, s, "attach.sql", "table=public.invoices"), "| t        | captured")
	contains(t, run(t, s, "attach.sql", "table=public.invoices", "readable=no"), "| f        | captured")
	s.Exec(t, `insert into invoices values (1, 7, 'secret')`)
	if got := captured(t, s); got != "i 7" {
		t.Errorf("the log has %q", got)
	}
	if out := run(t, s, "detach.sql", "table=public.invoices"); out != "Changes of public.invoices are no longer captured.\n" {
		t.Error(out)
	}
	if out := run(t, s, "detach.sql", "table=public.invoices"); out != "public.invoices was not attached: nothing to do.\n" {
		t.Error(out)
	}
	s.Exec(t, `insert into invoices values (2, 7, 'secret')`)
	if got := captured(t, s); got != "i 7" {
		t.Errorf("after it was detached the log has %q", got)
	}
}

// The table is not waited for without end, and nothing is half done.
func TestAttachWaitsForALimitedTime(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create table notes (id int primary key, tenant_id text)`)
	writer := s.Connect(t)
	pgtest.Exec(t, writer, `begin`, `insert into notes values (1, 'T')`, `insert into docs values (1, 'T', 'one')`)
	contains(t, refused(t, s, "attach.sql", "table=public.notes", "lock_timeout=20ms"), "canceling statement due to lock timeout")
	contains(t, refused(t, s, "detach.sql", "table=public.docs", "lock_timeout=20ms"), "canceling statement due to lock timeout")
	pgtest.Exec(t, writer, `commit`)
	if got := text(t, s, `select string_agg(relation::regclass::text, ' ') from rowcast.watched where active`); got != "docs" {
		t.Errorf("watched are %s", got)
	}
	run(t, s, "attach.sql", "table=public.notes")
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	insert := func(id int) []string {
		return []string{"-c", fmt.Sprintf(`insert into public.docs values (%d, 'T%d', 'one')`, id, id)}
	}
	words := []string{"reason=import of May"}
	for _, more := range [][]string{
		insert(1), {"pause.sql"}, insert(2), {"pause.sql"}, insert(3), {"resume.sql"}, insert(4), {"resume.sql"}, insert(5), {"pause.sql"}, insert(6),
	} {
		words = append(words, more...)
	}
	contains(t, run(t, s, words...), "on record as pause 1.\n", "Capture goes on.\n", "Capture was not paused: nothing to do.\n", "as pause 2.\n")
	if got := captured(t, s); got != "i T1, i T4, i T5" {
		t.Errorf("the log has %q", got)
	}
	contains(t, run(t, s, "status.sql"), "import of May", "postgres", "psql")
	// Of another session.
	s.Exec(t, `select rowcast.pause('by hand')`, `insert into docs values (7, 'T7', 'seven')`)
	contains(t, run(t, s, "status.sql"), "| t      | postgres")
	if out := run(t, s, "resume.sql", "pause=3"); out != "Capture goes on.\n" {
		t.Error(out)
	}
	s.Exec(t, `insert into docs values (8, 'T8', 'eight')`)
	if got := captured(t, s); got != "i T1, i T4, i T5, i T8" {
		t.Errorf("the log has %q", got)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `insert into docs values (1, 'T', 'one'), (2, 'T', 'two')`, `update docs set body = 'uno' where id = 1`, `delete from docs where id = 2`,
		`select rowcast.seal()`)
	for n := range 2 {
		contains(t, run(t, s, "replay.sql", "tenant=T", "first=2", "last=4"), "replayed | bytes | left_out", "       2 |    74 |        1")
		s.Exec(t, `select rowcast.seal()`)
		got := text(t, s, `select string_agg(s.position || ' ' || (l.after[1] ->> 'body'), ', ' order by s.position)
			from rowcast.sealed s join rowcast.log l using (xid, id) where l.op = 'r'`)
		want := []string{"5 two, 6 uno", "5 two, 6 uno, 7 two, 8 uno"}[n]
		if got != want {
			t.Errorf("replayed are %s; want %s", got, want)
		}
	}
	if got := text(t, s, `select string_agg(format('%s %s-%s %s %s', tenant, from_position, to_position, rows, application), ', ' order by id) from rowcast.replay`); got != "T 2-4 2 psql, T 2-4 2 psql" {
		t.Errorf("on record are %s", got)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	for n := range 3 {
		s.Exec(t, fmt.Sprintf(`insert into docs values (%d, 'T', 'one')`, n), `select rowcast.seal()`)
	}
	contains(t, run(t, s, "prune.sql", "retention=1 day"), "            3 |")
	for range 2 {
		// The newest seal stays.
		contains(t, run(t, s, "prune.sql", "retention=0"), "            1 |")
	}
	if got := text(t, s, `select floor from rowcast.tenant`); got != "2" {
		t.Errorf("the floor is %s", got)
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	// It has what a shell and psql would change if they could.
	const document = "tables:\n  doc: {roles: {clerk: {rows: \"row.body == 'it''s $HOME `id` \\\\ :file'\"}}}"
	path := filepath.Join(t.TempDir(), "a 'file'.yaml")
	if err := os.WriteFile(path, []byte(document+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		contains(t, run(t, s, "policy_apply.sql", "file="+path), fmt.Sprintf("Policy %d is stored.", n+1))
		if got := text(t, s, `select document from rowcast.policy where state = 'pending'`); got != document {
			t.Errorf("stored is %s; want %s", got, document)
		}
	}
	s.Exec(t, `select rowcast.refuse_policy(2, 'line 2: no')`)
	contains(t, run(t, s, "policy_list.sql"), "refused  | postgres", "line 2: no", "version 2 was applied before anybody had looked")
	if out := run(t, s, "policy_drop.sql"); out != "There was no policy: nothing to do.\n" {
		t.Error(out)
	}
	run(t, s, "policy_apply.sql", "file="+path)
	s.Exec(t, `select rowcast.activate_policy(3, '{}', '{}')`)
	if out := run(t, s, "policy_drop.sql"); out != "No policy is in force any more.\n" {
		t.Error(out)
	}
	contains(t, run(t, s, "policy_list.sql"), "dropped by postgres")
}

func TestImport(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create table lines (n bigint generated always as identity primary key, tenant_id text not null, note text not null default 'none',
		length int generated always as (octet_length(note)) stored, unique (tenant_id, note))`, `select rowcast.watch('lines', name => 'line')`)
	const file = "tenant_id,note\nT,\"a, b\"\nU,second\n"
	path := filepath.Join(pgtest.Dir(t), "lines.csv")
	if err := os.WriteFile(path, []byte(file), 0o644); err != nil { //nolint:gosec // for the server, which is another user
		t.Fatal(err)
	}
	server := func() string { return run(t, s, "import.sql", "table=public.lines", "file="+path, "writer=nightly") }
	client := func() string {
		stdout, stderr, status := psql(t, s, strings.NewReader(file), "import_client.sql", "table=public.lines", "columns=tenant_id, note")
		if status != 0 || stderr != "" {
			t.Fatalf("status %d\n%s%s", status, stderr, stdout)
		}
		return stdout
	}
	for _, test := range []struct {
		writer string
		run    func() string
	}{{"nightly", server}, {"import", client}} {
		contains(t, test.run(), "    2 |        2 |")
		contains(t, test.run(), "    2 |        0 |") // they are there already
		got := text(t, s, `select string_agg(format('%s %s %s', writer, tenant, after[1] ->> 'note'), '; ' order by tenant) from rowcast.log`)
		if want := test.writer + " T a, b; " + test.writer + " U second"; got != want {
			t.Errorf("the log has %s; want %s", got, want)
		}
		contains(t, run(t, s, "writers.sql"), test.writer, "public.lines", "insert")
		s.Exec(t, `delete from public.lines o using rowcast.log l, unnest(l.after) a
			where l.xid = (select xid from rowcast.log order by xid desc limit 1) and l.op = 'i' and o.n::text = a ->> 'n'`)
		if got := text(t, s, `select count(*) from lines`); got != "0" {
			t.Errorf("after what undoes it there are %s lines", got)
		}
		s.Exec(t, `truncate rowcast.log_active`)
	}
}

func TestSimulateLoad(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	for range 2 {
		contains(t, run(t, s, "simulate_load.sql", "tenant=acme", "transactions=20", "rows=3", "rate=0"), "20 ")
	}
	got := text(t, s, `select string_agg(format('%s %s', op, n), ', ' order by op) from (select op, sum(rows) as n from rowcast.log where tenant = 'acme' and writer = 'simulate_load' group by op) g`)
	if got != "d 4, i 120, u 8" {
		t.Errorf("the log has %s", got)
	}
	run(t, s, "detach.sql", "table=public.rowcast_load", "-c", "drop table public.rowcast_load")
	run(t, s, "simulate_load.sql", "tenant=acme", "transactions=1")
}

// What only looks shows what there is, also where nothing is.
func TestLooking(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	for _, script := range []string{"status.sql", "lag.sql", "writers.sql", "notify_queue.sql", "oldest_transactions.sql", "verify.sql"} {
		run(t, s, script)
	}
	open := s.Connect(t)
	pgtest.Exec(t, open, `set application_name = 'forgetful'`, `begin`, `insert into docs values (1, 'T', 'one')`)
	s.Exec(t, `begin`, `insert into docs values (2, 'T', 'two'), (3, 'T', 'three')`, `prepare transaction 'left behind'`, `insert into docs values (4, 'U', 'four')`)
	contains(t, run(t, s, "oldest_transactions.sql"), "forgetful", "'left behind'",
		"closing the segment of the log, sleep of the reader, changes of triggers, cleaning up of tables")
	if out := run(t, s, "oldest_transactions.sql", "limit=1"); strings.Contains(out, "left behind") {
		t.Error(out)
	}
	contains(t, run(t, s, "notify_queue.sql"), "forgetful", "8")
	contains(t, run(t, s, "lag.sql"), "|             1 |", "| f      |       0 | f")
	pgtest.Exec(t, open, `commit`)
	s.Exec(t, `rollback prepared 'left behind'`)
	contains(t, run(t, s, "lag.sql"), "|             2 |")
	s.Exec(t, `select rowcast.seal()`, `alter table docs disable trigger rowcast_insert`)
	contains(t, run(t, s, "lag.sql"), "|             0 |")
	contains(t, run(t, s, "status.sql"), "not captured in full", "rowcast_insert on public.docs")
	contains(t, run(t, s, "writers.sql", "since=1 minute"), "forgetful", "insert")
	if out := run(t, s, "writers.sql", "since=0"); strings.Contains(out, "forgetful") {
		t.Error(out)
	}
	s.Exec(t, `drop table docs`)
	contains(t, run(t, s, "status.sql"), "the table was dropped")
}

func TestVerify(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `insert into docs select n, 'T', 'one' from generate_series(1, 50) n`, `delete from docs where id > 40`)
	contains(t, run(t, s, "verify.sql", "table=public.docs"), "T      |       40 |         40 |")
	s.Exec(t, `select rowcast.pause('a repair')`, `update docs set body = 'two' where id = 7`, `select rowcast.resume()`)
	stdout, stderr, status := psql(t, s, nil, "verify.sql")
	if status != 3 {
		t.Errorf("status %d", status)
	}
	contains(t, stderr, "ERROR:  the log and the tables differ\n")
	contains(t, stdout, "7: differs in body", "a repair")
	contains(t, run(t, s, "verify.sql", "tenant=U"), "(0 rows)")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	for _, test := range []struct {
		words string
		want  string
	}{
		{"attach.sql", "which table? Give it with -v table=public.invoices"},
		{"attach.sql,table=", "which table?"},
		{"attach.sql,table=public.nosuch", `relation "public.nosuch" does not exist`},
		{"attach.sql,table=docs", `relation "docs" does not exist`},
		{"attach.sql,table=public.docs,tenant_column=nosuch", "has no column nosuch"},
		{"attach.sql,table=public.docs,lock_timeout=soon", `invalid value for parameter "lock_timeout": "soon"`},
		{"detach.sql", "which table?"},
		{"detach.sql,table=public.nosuch", `relation "public.nosuch" does not exist`},
		{"pause.sql", "why? Give the reason with -v reason="},
		{"resume.sql,pause=x", `invalid input syntax for type bigint: "x"`},
		{"replay.sql", "which tenant?"},
		{"replay.sql,tenant=T", "from which position?"},
		{"replay.sql,tenant=T,first=1", "up to which position?"},
		{"replay.sql,tenant=T,first=1,last=2", "the feed does not know tenant 'T'"},
		{"replay.sql,tenant=T,first=one,last=2", `invalid input syntax for type bigint: "one"`},
		{"prune.sql", "how long are changes kept?"},
		{"prune.sql,retention=long", `invalid input syntax for type interval: "long"`},
		{"prune.sql,retention=-1 day", "the retention cannot be negative"},
		{"import.sql", "which table?"},
		{"import.sql,table=public.docs", "which file?"},
		{"import.sql,table=public.docs,file=/nosuch.csv", `could not open file "/nosuch.csv"`},
		{"import_client.sql", "which table?"},
		{"import_client.sql,table=public.docs,columns=nosuch", `column "nosuch" does not exist`},
		{"policy_apply.sql", "which file? Give it with -v file=policy.yaml"},
		{"policy_apply.sql,file=/nosuch.yaml", "the file is empty, or cannot be read"},
		{"writers.sql,since=long", `invalid input syntax for type interval: "long"`},
		{"oldest_transactions.sql,limit=few", `invalid input syntax for type bigint: "few"`},
		{"verify.sql,table=public.nosuch", `relation "public.nosuch" does not exist`},
		{"verify.sql,table=pg_class", "the table is not attached"},
		{"simulate_load.sql", "which tenant?"},
		{"simulate_load.sql,tenant=T,transactions=0", "transactions are 1 to 1000000"},
		{"simulate_load.sql,tenant=T,rate=-1", "the rate is not negative"},
		{"simulate_load.sql,tenant=T,rate=fast", `invalid input syntax for type double precision: "fast"`},
	} {
		said := refused(t, s, strings.Split(test.words, ",")...)
		if lines := strings.SplitN(said, "\n", 2); !strings.HasPrefix(lines[0], "psql:") || !strings.Contains(lines[0], test.want) {
			t.Errorf("%s: %q; want %q", test.words, said, test.want)
		}
	}
	if got := text(t, s, `select string_agg(relation::regclass::text, ' ') from rowcast.watched where active`); got != "docs" {
		t.Errorf("watched are %s", got)
	}
	// A role that was not granted it, and a database without Rowcast.
	if got := captured(t, s); got != "" {
		t.Errorf("the log has %q", got)
	}
}
