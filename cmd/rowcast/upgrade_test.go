package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// released is the commit of the last released version.
const released = "12ad965"

// lastRelease builds the last released version.
func lastRelease(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED, NOT TESTED: rolling upgrades, because the last released version has to be built")
	}
	sources, program := t.TempDir(), filepath.Join(t.TempDir(), "rowcast-"+released)
	archive := filepath.Join(t.TempDir(), "sources.tar")
	if out, err := exec.CommandContext(t.Context(), "git", "-C", "../..", "archive", "--output", archive, released).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: rolling upgrades. The last released version, %s, is not in the history here: %v\n%s", released, err, out)
	}
	if out, err := exec.CommandContext(t.Context(), "tar", "-x", "-C", sources, "-f", archive).CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", released, err, out)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/rowcast") //nolint:gosec // of this module
	build.Dir = sources
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", released, err, out)
	}
	return program
}

// releasedMigrate runs migrate of the last released version.
func releasedMigrate(t *testing.T, program, dsn string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "migrate") //nolint:gosec // built by this test
	cmd.Env = append(os.Environ(), "DATABASE_URL="+dsn)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s migrate: %w\n%s", program, err, out)
	}
	return nil
}

// roamer is a client that goes from server to server with its cursor.
type roamer struct {
	name, cursor string
	position     int64
	// seen counts how often each row was told.
	seen map[string]int
}

// visit joins a server. What it returns reads until a position, and leaves.
func (f *roamer) visit(t *testing.T, url string) (read func(last int)) {
	t.Helper()
	c, joined := join(t, url, "T", f.cursor, "doc:*")
	if f.cursor == "" {
		f.cursor, f.position = joined.Cursor, joined.Position
	}
	return func(last int) {
		t.Helper()
		defer c.conn.Close()
		for f.position < int64(last) {
			m, err := c.next()
			switch {
			case err != nil:
				t.Fatalf("client %s at position %d of %d: %v; received:\n%s", f.name, f.position, last, err, c.raw.String())
			case m.Type == "reset" || m.Type == "error":
				t.Fatalf("client %s at position %d is told %s", f.name, f.position, c.raw.String())
			case m.Type != "event":
				continue
			}
			var row struct{ ID int }
			if err := json.Unmarshal(m.Data, &row); err != nil || m.Event != "doc:created" || m.Position != f.position+1 {
				t.Fatalf("client %s after position %d is told %s at %d: %s, %v", f.name, f.position, m.Event, m.Position, m.Data, err)
			}
			f.seen[strconv.Itoa(row.ID)]++
			f.cursor, f.position = m.Cursor, m.Position
		}
	}
}

// From the last released version to this one, and back: migrate first, then server
// by server. Two clients go from server to server with their cursors. Whatever is
// committed meanwhile, also in a transaction that is open over the migration,
// arrives at each once, in the order of positions.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	old := lastRelease(t)
	s := pgtest.Open(t, pgtest.Database(t), `create table docs (id int primary key, tenant_id text not null, body text)`)
	if err := releasedMigrate(t, old, s.DSN); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, `select rowcast.watch('docs', name => 'doc')`)
	environ := []string{"DATABASE_URL=" + s.DSN, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"}
	for _, args := range [][]string{{"serve"}, {"tail", "--tenant", "T"}, {"history", "--tenant", "T"}, {"status"}, {"watch", "docs"}} {
		code, _, stderr := rowcast(t, environ, args...)
		if code == program.ExitOK || !strings.Contains(stderr, "older version than this program") || !strings.HasSuffix(stderr, "code: schema-outdated\n") {
			t.Errorf("%v on the schema of %s: exit %d: %s", args, released, code, stderr)
		}
	}

	rows := 0
	commit := func() {
		t.Helper()
		s.Exec(t, fmt.Sprintf(`insert into docs values (%d, 'T', 'one')`, rows+1),
			fmt.Sprintf(`insert into docs select g, 'T', 'many' from generate_series(%d, %d) g`, rows+2, rows+11))
		rows += 11
	}
	roamers := []*roamer{{name: "one", seen: map[string]int{}}, {name: "other", seen: map[string]int{}}}
	// Half is committed while nobody is there, half while they are.
	visit := func(urls ...string) {
		t.Helper()
		commit()
		var reads []func(int)
		for i, f := range roamers {
			reads = append(reads, f.visit(t, urls[i%len(urls)]))
		}
		commit()
		for _, read := range reads {
			read(rows)
		}
	}
	serveReleased := func() (*servetest.Server, string) {
		server := servetest.StartProgram(t, old, s.DSN)
		return server, "ws://" + server.Address() + "/ws"
	}

	previous, before := serveReleased()
	for _, f := range roamers {
		f.visit(t, before)(0)
	}
	visit(before)

	open := s.Connect(t)
	for _, statement := range []string{`begin`, fmt.Sprintf(`insert into docs values (%d, 'T', 'open')`, rows+1)} {
		if _, err := open.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rows++
	migrating := make(chan error, 1)
	migrate := func() {
		code, stdout, stderr := rowcast(t, environ, "migrate")
		if code != program.ExitOK {
			migrating <- fmt.Errorf("migrate: exit %d: %s%s", code, stdout, stderr)
		}
		close(migrating)
	}
	go migrate()
	servetest.Eventually(t, "migration that waits for the transaction", func() bool {
		var waits bool
		err := s.Conn.QueryRow(t.Context(), `select exists (select from pg_locks l join pg_stat_activity a using (pid)
			where not l.granted and a.application_name = 'rowcast migrate' and a.datname = current_database())`).Scan(&waits)
		return err == nil && waits
	})
	if _, err := open.Exec(t.Context(), `commit`); err != nil {
		t.Fatal(err)
	}
	if err := <-migrating; err != nil {
		t.Fatal(err)
	}
	visit(before)
	now, stop := serve(t, s)
	visit(now, before)
	visit(before, now)
	<-previous.Signal(t, syscall.SIGTERM)
	visit(now)
	previous, before = serveReleased()
	visit(before, now)
	visit(now, before)
	stop()
	visit(before)
	previous.Kill()
	now, stop = serve(t, s)
	defer stop()
	visit(now)
	for _, f := range roamers {
		for id := 1; id <= rows; id++ {
			if n := f.seen[strconv.Itoa(id)]; n != 1 {
				t.Errorf("client %s was told of row %d %d times; want once", f.name, id, n)
			}
		}
		if len(f.seen) != rows {
			t.Errorf("client %s was told of %d rows; want %d", f.name, len(f.seen), rows)
		}
	}

	// That version does not know that an older migrate must change nothing. What it
	// puts back is drift, until the newer one has repaired it.
	err := releasedMigrate(t, old, s.DSN)
	if said := strings.Join(drifted(t, s), "; "); !strings.Contains(said, "is not as it was installed, repair it with rowcast migrate") {
		t.Errorf("after migrate of %s (%v) drift says %q", released, err, said)
	}
	migrating = make(chan error, 1)
	migrate()
	if err := <-migrating; err != nil {
		t.Fatal(err)
	}
	if said := drifted(t, s); len(said) > 0 {
		t.Errorf("repaired, drift says %v", said)
	}
	visit(now)
}

// A server goes on working on the schema of a newer one, and says so.
func TestServerReportsANewerSchema(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create or replace function rowcast.program() returns text language sql as $$select 'version 999 functions 0123456789abcdef'$$`)
	var out servetest.Transcript
	r := startLogging(t, s, slog.New(slog.NewTextHandler(&out, nil)))
	defer r.stop()
	if !strings.Contains(out.String(), "schema rowcast is not that of this program") || !strings.Contains(out.String(), "version 999, this program knows") {
		t.Errorf("the server says %s", &out)
	}
	_, _ = join(t, r.url, inventory.AcmeID, "")
}

func drifted(t *testing.T, s *pgtest.Env) []string {
	t.Helper()
	rows, err := s.Conn.Query(t.Context(), `select detail from rowcast.trigger_drift()`)
	if err != nil {
		t.Fatal(err)
	}
	said, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return said
}
