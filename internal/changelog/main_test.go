package changelog_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/changelog"
	"rowcast/internal/feed"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// timeout bounds every wait; it decides nothing but when to give up.
const timeout = 2 * time.Minute

// database is a migrated database with one watched table, docs.
type database struct {
	*pgtest.Env
	pool *pgxpool.Pool
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	return migrated(t, pgtest.Database(t))
}

func migrated(t *testing.T, dsn string) *database {
	t.Helper()
	pgtest.Migrate(t, dsn)
	e := pgtest.Open(t, dsn, `create table docs (id int primary key, tenant_id text, body text, version int not null default 0)`,
		`select rowcast.watch('docs', name => 'doc')`)
	return &database{e, pgtest.Pool(t, dsn, "history", 8)}
}

func logger(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// recorder keeps what a tail publishes.
type recorder struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change
	changes []feed.Change
	live    bool
	resets  []error
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{})} }

func (r *recorder) update(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *recorder) publish(changes []feed.Change, _ int64) {
	r.update(func() { r.changes = append(r.changes, changes...) })
}

// wait blocks until the condition holds. It gives up when nothing is published
// for long.
func (r *recorder) wait(t *testing.T, what string, condition func(r *recorder) bool) {
	t.Helper()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		ok, changed := condition(r), r.changed
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
			deadline.Reset(timeout)
		case <-deadline.C:
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Fatalf("still no %s after %s; have %d changes", what, timeout, len(r.changes))
		}
	}
}

func (r *recorder) snapshot() []feed.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.changes)
}

// tail runs a tail until the test ends or stop is called.
type tail struct {
	*changelog.Tail
	*recorder
	stop func()
}

func (d *database) tail(t *testing.T, adjust ...func(*changelog.Options)) *tail {
	t.Helper()
	r := newRecorder()
	dial := func(ctx context.Context) (*pgx.Conn, error) { return postgres.Connect(ctx, d.DSN, "rowcast tail") }
	listen := func(ctx context.Context) (*pgx.Conn, error) { return postgres.Connect(ctx, d.DSN, "rowcast listen") }
	o := changelog.Options{
		Connect: dial, Listen: listen, Pool: d.pool, Log: logger(t), Publish: r.publish,
		Live:  func(live bool) { r.update(func() { r.live = live }) },
		Reset: func(err error) { r.update(func() { r.resets = append(r.resets, err) }) },
	}
	for _, f := range adjust {
		f(&o)
	}
	run := changelog.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("tail ended with %v", err)
		}
	})
	t.Cleanup(stop)
	r.wait(t, "live tail", func(r *recorder) bool { return r.live })
	return &tail{Tail: run, recorder: r, stop: stop}
}

// until waits for a state of the tail itself.
func (l *tail) until(t *testing.T, what string, condition func(s changelog.Status) bool) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for !condition(l.Status()) {
		if time.Now().After(deadline) {
			t.Fatalf("still no %s after %s: %+v", what, timeout, l.Status())
		}
		time.Sleep(time.Millisecond)
	}
}

func asleep(s changelog.Status) bool { return s.Asleep && s.Listening }

// brief writes a change in one line.
func brief(c feed.Change) string {
	return fmt.Sprintf("%s %d-%d %s %s", c.Tenant, c.From, c.Position, c.Op, c.After)
}
