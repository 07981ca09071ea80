package postgres_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// Each partition has a transaction that ends just before its lock would be given
// up. Waiting for one after the other would keep the writers of the table for
// the sum; the migration lets them pass instead.
func TestPartitionsAreWaitedForTogether(t *testing.T) {
	t.Parallel()
	const bar, parts = time.Second, 4
	dsn := pgtest.Database(t)
	admin := pgtest.Connect(t, dsn)
	pgtest.Exec(t, admin, `create table orders (id int primary key, tenant_id text) partition by range (id)`,
		`create table control (id int primary key, tenant_id text)`)
	for n := range parts {
		pgtest.Exec(t, admin, fmt.Sprintf(`create table orders_%d partition of orders for values from (%d) to (%d)`, n, 1000*n, 1000*(n+1)))
	}
	pgtest.Exec(t, admin, fmt.Sprintf(`create table orders_rest partition of orders for values from (%d) to (maxvalue)`, 1000*parts))
	release := make(chan func(), parts)
	for n := range parts {
		busy := pgtest.Connect(t, dsn)
		pgtest.Exec(t, busy, `begin`, fmt.Sprintf(`insert into orders_%d values (%d, 'T')`, n, 1000*n))
		release <- func() { pgtest.Exec(t, busy, `rollback`) }
	}
	close(release)
	waits := make(chan struct{}, 1000)
	done := make(chan error, 1)
	f := startTraffic(t, dsn, "orders_rest", 1000*parts)
	through := startTraffic(t, dsn, "orders", 1_000_000)
	control := startTraffic(t, dsn, "control", 1)
	go func() {
		m := &postgres.Migrator{URL: dsn, Log: slog.New(warnings{slog.DiscardHandler, waits})}
		_, err := m.Up(t.Context())
		done <- err
	}()
	for next := range release {
		// Somebody waits for a partition; the next one ends a little later.
		for limit := time.Now().Add(timeout); ; {
			if pgtest.Column[string](t, admin, `select count(*)::text from pg_locks where not granted and locktype = 'relation'
				and relation::regclass::text ~ '^orders_[0-9]' and database = (select oid from pg_database where datname = current_database())`)[0] != "0" {
				break
			}
			if time.Now().After(limit) {
				t.Fatal("nobody waits for a partition")
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(400 * time.Millisecond) // shorter than a lock is waited for
		next()
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	attempts := len(waits)
	slowest, noise := max(f.end(), through.end()), control.end()
	t.Logf("%d attempts failed, the slowest of %d commits took %s, of the control %s", attempts, f.commits.Load()+through.commits.Load(),
		slowest.Round(time.Millisecond), noise.Round(time.Millisecond))
	if slowest > bar+10*noise { // a slow machine has noise
		t.Errorf("the migration kept a writer for %s; the bar is %s", slowest, bar)
	}
}
