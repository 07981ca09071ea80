package pgtest_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDatabaseIsFreshAndDropped(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("use", func(t *testing.T) {
		dsn := pgtest.Database(t)
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		// Closed after the drop, which has to throw it out.
		defer func() { _ = conn.Close(t.Context()) }()
		var tables int
		if err := conn.QueryRow(t.Context(), `select current_database(), count(*) from pg_tables
			where schemaname not in ('pg_catalog', 'information_schema')`).Scan(&name, &tables); err != nil {
			t.Fatal(err)
		}
		if tables != 0 {
			t.Errorf("a fresh database has %d tables", tables)
		}
	})
	found := pgtest.Psql(t, pgtest.Server(t).DSN("postgres"), "-Atc", "select datname from pg_database")
	if strings.Contains(found, name) {
		t.Errorf("database %s outlived its test", name)
	}
}

func TestServerSettings(t *testing.T) {
	t.Parallel()
	got := pgtest.Psql(t, pgtest.Database(t), "-Atc",
		"select current_setting('max_connections'), current_setting('max_prepared_transactions')")
	if want := "200|20\n"; got != want {
		t.Errorf("settings are %q, want %q", got, want)
	}
}

// The server is the one whose programs are found: -v tells which that is.
func TestServerVersion(t *testing.T) {
	t.Parallel()
	dir, err := devpg.FindBinaries()
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.TrimSpace(pgtest.Psql(t, pgtest.Database(t), "-Atc", "select version()"))
	t.Log(got)
	if words := strings.Fields(string(said)); len(words) < 3 || !strings.HasPrefix(got, "PostgreSQL "+words[2]) {
		t.Errorf("the server is %s; the programs in %s are %s", got, dir, said)
	}
}

func TestOwnServerIsAnother(t *testing.T) {
	t.Parallel()
	own := pgtest.Own(t, devpg.Options{NoTCP: true, Settings: map[string]string{"max_connections": "30"}})
	if own.PID() == pgtest.Server(t).PID() {
		t.Error("the test's own server is the shared one")
	}
	got := pgtest.Psql(t, own.DSN("postgres"), "-Atc",
		"select current_setting('max_connections'), current_setting('max_prepared_transactions')")
	if want := "30|20\n"; got != want {
		t.Errorf("settings are %q, want %q", got, want)
	}
}

// failing records how a helper fails its test.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestExecSaysWhatFailed(t *testing.T) {
	t.Parallel()
	e := pgtest.Migrated(t, pgtest.Docs()...)
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Exec(f, "insert into docs values (1, 'T')", "select 1 / 0", "insert into docs values (2, 'T')")
	}()
	<-done
	if !strings.Contains(f.said, "select 1 / 0: ") || !strings.Contains(f.said, "division by zero") {
		t.Errorf("the failure says %q", f.said)
	}
	if got := pgtest.Column[string](t, e.Connect(t), "select tenant || op::text from rowcast.log"); !slices.Equal(got, []string{"Ti"}) {
		t.Errorf("the log has %q, want what was before the error", got)
	}
	if name := pgtest.Query[string](t, pgtest.ConnectAs(t, e.DSN, "writer"), "select current_setting('application_name')"); name != "writer" {
		t.Errorf("the session is %q", name)
	}
}

func TestPsqlStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		pgtest.Psql(f, dsn, "-c", "create table first ()", "-c", "select 1/0", "-c", "create table second ()")
	}()
	<-done
	if !strings.Contains(f.said, "division by zero") {
		t.Errorf("the failure says %q, want what psql said", f.said)
	}
	got := pgtest.Psql(t, dsn, "-Atc", "select tablename from pg_tables where schemaname = 'public'")
	if got != "first\n" {
		t.Errorf("tables are %q, want the one before the error", got)
	}
}
