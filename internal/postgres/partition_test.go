package postgres_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// waitsFor waits until a session has waited for a table for so long, by the clock of
// the database, or until over says that it does not any more.
func waitsFor(t *testing.T, admin *pgx.Conn, table string, since time.Duration, over func() bool) bool {
	t.Helper()
	for limit := time.Now().Add(timeout); !over(); time.Sleep(time.Millisecond) {
		if pgtest.Query[bool](t, admin, `select exists (select from pg_locks where not granted and relation = $1::regclass
			and waitstart <= clock_timestamp() - $2::interval)`, table, since) {
			return true
		}
		if time.Now().After(limit) {
			t.Fatalf("nobody waits for %s", table)
		}
	}
	return false
}

// A partition has a transaction that ends when half of the time for a lock has passed,
// the next one a transaction that stays. The time is that for both together.
func TestPartitionsAreWaitedForTogether(t *testing.T) {
	t.Parallel()
	const whole = time.Second
	dsn := pgtest.Database(t)
	up(t, migrator(t, dsn))
	admin, waiter, first, second := pgtest.Connect(t, dsn), pgtest.Connect(t, dsn), pgtest.Connect(t, dsn), pgtest.Connect(t, dsn)
	pgtest.Exec(t, admin, `create table parts (id int primary key) partition by range (id)`,
		`create table parts_1 partition of parts for values from (0) to (10)`, `create table parts_2 partition of parts for values from (10) to (20)`)
	pgtest.Exec(t, waiter, fmt.Sprintf(`set lock_timeout = %d`, whole.Milliseconds()))
	for limit := time.Now().Add(timeout); ; {
		pgtest.Exec(t, first, `begin`, `insert into parts_1 values (1)`)
		pgtest.Exec(t, second, `begin`, `insert into parts_2 values (11)`)
		took := make(chan time.Duration, 1)
		go func() {
			began := time.Now()
			_, err := waiter.Exec(t.Context(), `select rowcast.lock_parts('parts', 'share row exclusive')`)
			if err == nil {
				t.Error("a lock that is held was given")
			}
			took <- time.Since(began)
		}()
		over := func() bool { return len(took) > 0 }
		half := waitsFor(t, admin, "parts_1", whole/2, over)
		pgtest.Exec(t, first, `rollback`)
		next := waitsFor(t, admin, "parts_2", 0, over)
		all := <-took
		pgtest.Exec(t, second, `rollback`)
		// It never takes so little where each lock has the time. A slow machine needs
		// several attempts.
		if half && next && all < whole+whole/2 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("two partitions are waited for during %s; the time is %s", all, whole)
		}
	}
}

// Each partition has a transaction. Writers of the table pass, again and again, while
// a migration waits for the partitions.
func TestWritersPassPartitions(t *testing.T) {
	t.Parallel()
	const parts = 4
	dsn := pgtest.Database(t)
	admin := pgtest.Connect(t, dsn)
	pgtest.Exec(t, admin, `create table orders (id int primary key, tenant_id text) partition by range (id)`)
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
	go func() {
		m := &postgres.Migrator{URL: dsn, Log: slog.New(warnings{slog.DiscardHandler, waits})}
		_, err := m.Up(t.Context())
		done <- err
	}()
	for next := range release {
		select {
		case <-waits: // an attempt has failed
		case err := <-done:
			t.Fatalf("the migration did not wait for a partition: %v", err)
		case <-time.After(timeout):
			t.Fatal("the migration does not let writers pass")
		}
		f.passes(t)
		through.passes(t)
		next()
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f.end()
	through.end()
}
