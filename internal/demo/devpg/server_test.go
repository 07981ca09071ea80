package devpg_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

func TestThrowAwayServer(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{})
	for _, dsn := range []string{pg.DSN("postgres"), pg.SocketDSN("postgres")} {
		if got := strings.TrimSpace(pgtest.Psql(t, dsn, "-Atc", "select current_user")); got != "postgres" {
			t.Errorf("psql %s is %q, want postgres", dsn, got)
		}
		got := query(t, dsn, `select concat_ws(' ', current_setting('fsync'), current_setting('listen_addresses'),
			current_setting('server_encoding'), current_setting('wal_level'), current_setting('jit'),
			(select datcollate from pg_database where datname = 'postgres'))`)
		if want := "off 127.0.0.1 UTF8 replica off C.UTF-8"; got != want {
			t.Errorf("settings over %s are %q, want %q", dsn, got, want)
		}
	}
	dir := pg.Dir()
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if err := pg.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	group.Wait()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("directory after Close: %v, want none", err)
	}
	select {
	case <-pg.Done():
	default:
		t.Error("Done is open after Close")
	}
	if pg.Err() != nil || pg.PID() != 0 {
		t.Errorf("after Close Err is %v and PID %d, want nothing", pg.Err(), pg.PID())
	}
	if err := pg.Restart(t.Context()); err == nil {
		t.Error("a closed server restarts")
	}
}

func TestPasswordGuardsTCP(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{})
	config, err := pgx.ParseConfig(pg.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if len(config.Password) < 20 {
		t.Errorf("password has %d characters, want at least 20", len(config.Password))
	}
	config.Password = "guess"
	_, err = pgx.ConnectConfig(t.Context(), config)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "28P01" {
		t.Errorf("a wrong password answers %v, want 28P01", err)
	}
}

func TestOnlyWeReachTheSocket(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{NoTCP: true})
	for _, name := range []string{"data", "run"} {
		info, err := os.Stat(filepath.Join(pg.Dir(), name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %04o, want 0700", name, info.Mode().Perm())
		}
	}
	if got := query(t, pg.DSN("postgres"), "show listen_addresses"); got != "" {
		t.Errorf("a server without TCP listens on %q", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const odd = `it's \odd\ "text"`
	pg := pgtest.Own(t, devpg.Options{NoTCP: true, Durable: true, Settings: map[string]string{
		"max_connections": "33", "cluster_name": "named", "rowcast.odd": odd,
	}})
	got := query(t, pg.DSN("postgres"), `select concat_ws(' ', current_setting('max_connections'), current_setting('fsync'),
		current_setting('cluster_name'), current_setting('rowcast.odd'))`)
	if want := "33 on named " + odd; got != want {
		t.Errorf("settings are %q, want %q", got, want)
	}
}

func TestDatabaseNamesSurviveTheDSN(t *testing.T) {
	t.Parallel()
	const name = "a b/c?d%e'f\u00e9"
	pg := pgtest.Own(t, devpg.Options{})
	pgtest.Admin(t, pg, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	for _, dsn := range []string{pg.DSN(name), pg.SocketDSN(name)} {
		if got := query(t, dsn, "select current_database()"); got != name {
			t.Errorf("pgx with %s is in %q, want %q", dsn, got, name)
		}
		if got := strings.TrimSpace(pgtest.Psql(t, dsn, "-Atc", "select current_database()")); got != name {
			t.Errorf("psql with %s is in %q, want %q", dsn, got, name)
		}
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o    devpg.Options
		want string
	}{
		"reserved":      {devpg.Options{Settings: map[string]string{"Port": "1"}}, `setting "Port" is decided by the launcher`},
		"no name":       {devpg.Options{Settings: map[string]string{"a = b": "1"}}, `"a = b" is no name of a PostgreSQL setting`},
		"line break":    {devpg.Options{Settings: map[string]string{"a": "1\nfsync = off"}}, `setting "a" holds a line break`},
		"bin directory": {devpg.Options{BinDir: "/var/empty-of-postgres"}, "does not hold initdb and postgres"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, c.o, c.want)
		})
	}
}

// refused insists that the server does not start, for a reason that names all
// of want, and leaves no temporary directory.
func refused(t *testing.T, o devpg.Options, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	pg, err := devpg.Start(ctx, o)
	if err == nil {
		t.Errorf("started with %+v (close: %v)", o, pg.Close())
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error does not say %q:\n%v", w, err)
		}
	}
}

func TestFailureCarriesTheLog(t *testing.T) {
	t.Parallel()
	refused(t, devpg.Options{NoTCP: true, Settings: map[string]string{"shared_buffers": "much"}},
		"postgres ended: exit status 1", `invalid value for parameter "shared_buffers": "much"`)
}

// occupy listens on the port, 0 for a free one, until the test ends.
func occupy(t *testing.T, port int) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("address %v", l.Addr())
	}
	return addr.Port
}

func TestStartHonoursItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if pg, err := devpg.Start(ctx, devpg.Options{NoTCP: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("start under a cancelled context answers %v, %v", pg, err)
	}
}
