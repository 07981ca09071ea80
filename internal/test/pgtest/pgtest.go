package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"rowcast/internal/demo/devpg"
)

// startLimit bounds the start of a server on a busy machine.
const startLimit = 2 * time.Minute

// shared is the server of the package under test. A package variable, because
// TestMain and the tests have nothing else in common.
var shared server //nolint:gochecknoglobals // see above

type server struct {
	ready atomic.Bool // Main was called
	once  sync.Once
	pg    *devpg.Server
	err   error
	count atomic.Int64
}

// Main runs the tests of a package with a server that starts when the first
// test asks for it, and fails them if they leak goroutines.
func Main(m interface{ Run() int }, opts ...goleak.Option) {
	shared.ready.Store(true)
	goleak.VerifyTestMain(suite{m}, opts...)
}

type suite struct{ m interface{ Run() int } }

// Run is called by goleak, which looks for leaks after it.
func (s suite) Run() int {
	code := s.m.Run()
	if shared.pg == nil {
		return code
	}
	if err := errors.Join(shared.pg.Err(), shared.pg.Close()); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: %v\n", err)
		code = max(code, 1)
	}
	return code
}

// Server returns the package's server. Tests must not stop it.
func Server(t testing.TB) *devpg.Server {
	t.Helper()
	if !shared.ready.Load() {
		t.Fatal("pgtest: the package needs func TestMain(m *testing.M) { pgtest.Main(m) }")
	}
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		shared.pg, shared.err = devpg.Start(ctx, defaults(devpg.Options{NoTCP: true}))
	})
	if shared.err != nil {
		t.Fatalf("pgtest: %v", shared.err)
	}
	return shared.pg
}

// Database makes an empty database for the test, drops it with every session still
// connected when the test ends, and returns its DSN.
func Database(t testing.TB) string {
	t.Helper()
	pg := Server(t)
	name := fmt.Sprintf("test_%d_%s", shared.count.Add(1), identifier(t.Name()))
	Admin(t, pg, "CREATE DATABASE "+name)
	t.Cleanup(func() { Admin(t, pg, "DROP DATABASE "+name+" WITH (FORCE)") })
	return pg.SocketDSN(name)
}

// Own starts a server of the test's own and closes it when the test ends.
func Own(t testing.TB, o devpg.Options) *devpg.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	pg, err := devpg.Start(ctx, defaults(o))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := pg.Close(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return pg
}

// Admin executes statements as the superuser in the database postgres.
func Admin(t testing.TB, pg *devpg.Server, statements ...string) {
	t.Helper()
	// Not the test's context: cleanups run after its end.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, pg.SocketDSN("postgres"))
	if err != nil {
		t.Fatalf("pgtest: connect as superuser: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("pgtest: %s: %v", sql, err)
		}
	}
}

// defaults are those of every test server, under those of the caller. What
// has to be durable is on a disk; the rest is in memory where there is room,
// unless TMPDIR says otherwise.
func defaults(o devpg.Options) devpg.Options {
	set := map[string]string{"max_connections": "200", "max_prepared_transactions": "20"}
	maps.Copy(set, o.Settings)
	o.Settings = set
	if o.TempDir == "" && !o.Durable && os.Getenv("TMPDIR") == "" {
		o.TempDir = memoryDir()
	}
	return o
}

// identifier makes a part of a database name out of a test's name.
func identifier(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	return name[:min(len(name), 40)]
}
