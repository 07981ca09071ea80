package postgres_test

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// traffic writes to a table over several connections, and knows how long the
// slowest statement took.
type traffic struct {
	writers sync.WaitGroup
	stop    atomic.Bool
	commits atomic.Int64

	mu      sync.Mutex
	slowest time.Duration
}

// startTraffic has four writers insert rows, numbered from first.
func startTraffic(t *testing.T, dsn, table string, first int) *traffic {
	t.Helper()
	f := new(traffic)
	for n := range 4 {
		conn := pgtest.Connect(t, dsn)
		f.writers.Go(func() {
			for i := first + n; !f.stop.Load(); i += 4 {
				began := time.Now()
				if _, err := conn.Exec(t.Context(), fmt.Sprintf("insert into %s values (%d, 'T')", table, i)); err != nil {
					t.Errorf("a writer of %s: %v", table, err)
					return
				}
				f.commits.Add(1)
				f.saw(time.Since(began))
				time.Sleep(time.Millisecond)
			}
		})
	}
	t.Cleanup(func() { f.end() })
	return f
}

// passes waits until each writer can have committed something that it began after the call.
func (f *traffic) passes(t *testing.T) {
	t.Helper()
	before := f.commits.Load()
	for limit := time.Now().Add(timeout); f.commits.Load() < before+8; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("writers do not pass")
		}
	}
}

// end returns how long the slowest statement took.
func (f *traffic) end() time.Duration {
	f.stop.Store(true)
	f.writers.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.slowest
}

func (f *traffic) saw(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slowest = max(f.slowest, took)
}

// Writers go on while everything that changes their table is done, although a
// transaction that stays open for longer than a lock is waited for is in the
// way each time, and stays until each has passed. None of their statements takes a
// second, beyond ten times what one takes at the same time in a table that nothing is
// done to. It runs alone, since it measures.
func TestWritersPassMigrations(t *testing.T) { //nolint:paralleltest // it measures
	const bar = time.Second
	dsn := pgtest.Database(t)
	admin, long := pgtest.Connect(t, dsn), pgtest.Connect(t, dsn)
	pgtest.Exec(t, admin, `create table orders (id int primary key, tenant_id text)`,
		`create table notes (id int primary key, tenant_id text)`,
		`create table control (id int primary key, tenant_id text)`)
	waits := make(chan struct{}, 1000)
	log := slog.New(warnings{slog.DiscardHandler, waits})
	migrate := func() error {
		_, err := (&postgres.Migrator{URL: dsn, Log: log}).Up(t.Context())
		return err
	}
	change := func(query string) func() error {
		return func() error {
			return postgres.ChangeTables(t.Context(), admin, log, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), query)
				return err
			})
		}
	}
	for i, phase := range []struct {
		name, table string
		// before is done to the table while nobody writes.
		before string
		change func() error
		locks  bool
	}{
		{"first migrate", "orders", `select 1`, migrate, true},
		{"migrate again", "orders", `select 1`, migrate, false},
		{"migrate that repairs", "orders", `alter table orders disable trigger all`, migrate, true},
		{"watch", "notes", `select 1`, change(`select rowcast.watch('notes')`), true},
		{"watch with other settings", "notes", `alter table notes add column secret text`, change(`select rowcast.watch('notes', exclude => '{secret}')`), true},
		{"unwatch", "notes", `select 1`, change(`select rowcast.unwatch('notes')`), true},
		{"migrate down", "orders", `select 1`, func() error {
			_, err := (&postgres.Migrator{URL: dsn, Log: log}).Down(t.Context())
			return err
		}, true},
	} {
		pgtest.Exec(t, admin, phase.before)
		pgtest.Exec(t, long, `begin`, fmt.Sprintf(`insert into %s values (-1, 'T')`, phase.table))
		f, control := startTraffic(t, dsn, phase.table, 1), startTraffic(t, dsn, "control", 1)
		done := make(chan error, 1)
		go func() { done <- phase.change() }()
		if phase.locks {
			// Two attempts have failed when the long transaction ends.
			for range 2 {
				select {
				case <-waits:
				case err := <-done:
					t.Fatalf("%s did not wait for the long transaction: %v", phase.name, err)
				case <-time.After(timeout):
					t.Fatalf("%s does not let writers pass", phase.name)
				}
			}
			f.passes(t)
		}
		pgtest.Exec(t, long, `rollback`)
		if err := <-done; err != nil {
			t.Fatalf("%s: %v", phase.name, err)
		}
		slowest, commits, noise := f.end(), f.commits.Load(), control.end()
		t.Logf("%s: %d commits, the slowest took %s, of the control %s", phase.name, commits, slowest.Round(time.Millisecond), noise.Round(time.Millisecond))
		if slowest > bar+10*noise { // a slow machine has noise
			t.Errorf("%s kept a writer for %s; the bar is %s", phase.name, slowest, bar)
		}
		pgtest.Exec(t, admin, `delete from `+phase.table, `delete from control`)
		if i == 0 {
			captures(t, admin)
		}
	}
}

// captures checks that the table is watched now.
func captures(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	pgtest.Exec(t, conn, `insert into orders values (-2, 'captured')`)
	if got := pgtest.Column[string](t, conn, `select l.tenant from rowcast.log l where l.tenant = 'captured'`); !slices.Equal(got, []string{"captured"}) {
		t.Errorf("after the migration the log has %q", got)
	}
	pgtest.Exec(t, conn, `delete from orders`)
}
