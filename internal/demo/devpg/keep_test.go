package devpg_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

func TestKeptDataSurvives(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(pgtest.Dir(t), "nested", "data")
	first := pgtest.Own(t, devpg.Options{Dir: dir})
	dsn := first.DSN("postgres")
	if err := try(t, dsn, "create table kept as select 42 as n"); err != nil {
		t.Fatal(err)
	}
	if got := query(t, dsn, "show fsync"); got != "on" {
		t.Errorf("fsync is %s for data that is kept", got)
	}
	refused(t, devpg.Options{Dir: dir}, "is in use by rowcast process "+strconv.Itoa(os.Getpid()),
		"PostgreSQL pid "+strconv.Itoa(first.PID()))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := pgtest.Own(t, devpg.Options{Dir: dir})
	if second.DSN("postgres") != dsn {
		t.Errorf("the second start has another port or password")
	}
	if got := query(t, dsn, "select n::text from kept"); got != "42" {
		t.Errorf("kept row is %s, want 42", got)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}

	occupy(t, second.Port())
	third := pgtest.Own(t, devpg.Options{Dir: dir})
	if third.Port() == second.Port() {
		t.Errorf("port %d is taken and used", third.Port())
	}
	if got := query(t, third.DSN("postgres"), "select n::text from kept"); got != "42" {
		t.Errorf("kept row is %s, want 42", got)
	}
}

func TestForeignDirectoryIsUntouched(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"other file": "thesis.txt", "other marker": "rowcast.json", "cluster": "PG_VERSION"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := pgtest.Dir(t)
			if err := os.WriteFile(filepath.Join(dir, file), []byte(`{"table":"orders"}`), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			refused(t, devpg.Options{Dir: dir}, dir+" is not empty and was not made by rowcast")
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 {
				t.Errorf("the directory holds %v (%v), want %s alone", entries, err, file)
			}
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("the directory has mode %v (%v), want 0755", info.Mode(), err)
			}
		})
	}
}

func TestOtherMajorIsRefused(t *testing.T) {
	t.Parallel()
	dir := pgtest.Dir(t)
	pg := pgtest.Own(t, devpg.Options{Dir: dir, NoTCP: true})
	if err := pg.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, devpg.Options{Dir: dir, NoTCP: true}, "holds data of PostgreSQL 9", "is PostgreSQL "+pg.Version())
}

func TestClosedParentIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root runs PostgreSQL as somebody else")
	}
	parent := pgtest.Dir(t)
	if err := os.Chmod(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	refused(t, devpg.Options{Dir: filepath.Join(parent, "data")}, "cannot enter "+parent+" (mode 0700)")
	if entries, err := os.ReadDir(parent); err != nil || len(entries) != 0 {
		t.Errorf("the parent holds %v (%v), want nothing", entries, err)
	}
}

func TestLongDirectoryName(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(pgtest.Dir(t), strings.Repeat("long", 30))
	pg := pgtest.Own(t, devpg.Options{Dir: dir, NoTCP: true})
	if got := query(t, pg.DSN("postgres"), "select 'here'"); got != "here" {
		t.Errorf("answer is %q", got)
	}
	sockets := query(t, pg.DSN("postgres"), "show unix_socket_directories")
	if err := pg.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(sockets); !os.IsNotExist(err) {
		t.Errorf("directory of the socket after Close: %v, want none", err)
	}
}

func TestDirectoryNameWithSpaces(t *testing.T) {
	t.Parallel()
	server := pgtest.Own(t, devpg.Options{Dir: filepath.Join(pgtest.Dir(t), "my data + more")})
	for _, dsn := range []string{server.DSN("postgres"), server.SocketDSN("postgres")} {
		if got := query(t, dsn, "select 'reached'"); got != "reached" {
			t.Errorf("%s: %s", dsn, got)
		}
		if got := strings.TrimSpace(pgtest.Psql(t, dsn, "-At", "-c", "select 'reached'")); got != "reached" {
			t.Errorf("psql %s: %s", dsn, got)
		}
	}
}
