package postgres_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

func TestTwoMigrators(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			m := migrator(t, dsn)
			m.Inventory = true
			if _, err := m.Up(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	conn := pgtest.Connect(t, dsn)
	for _, table := range []string{"rowcast.migration", "public.inventory_migration"} {
		twice := pgtest.Column[string](t, conn, `select version_id::text from `+table+` group by version_id having count(*) > 1`)
		if len(twice) > 0 {
			t.Errorf("migrations %q of %s ran more than once", twice, table)
		}
	}
	want := []string{"orders order", "purchase_orders purchase-order", "skus sku", "stock_movements stock-movement"}
	if diff := cmp.Diff(want, pgtest.Column[string](t, conn, `select table_name || ' ' || name from rowcast.watched order by 1`)); diff != "" {
		t.Errorf("watched tables differ (-want +got):\n%s", diff)
	}
}

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	m := migrator(t, pgtest.Database(t))
	m.Inventory = true
	up(t, m)
	conn := pgtest.Connect(t, m.URL)
	pgtest.Exec(t, conn, `create table own (id int primary key, tenant_id int)`,
		`select rowcast.watch('own'), rowcast.watch('skus', name => 'item', exclude => '{cost}'), rowcast.unwatch('orders')`)
	before := schema(t, conn)
	want := []postgres.Step{
		{What: "table stock_movements", Did: "already watched"},
		{What: "table orders", Did: "left alone: it was unwatched"},
		{What: "table purchase_orders", Did: "already watched"},
		{What: "table skus", Did: "already watched"},
	}
	if diff := cmp.Diff(want, up(t, m)); diff != "" {
		t.Errorf("the second time it did (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, schema(t, conn)); diff != "" {
		t.Errorf("the second time changed (-before +after):\n%s", diff)
	}
}

func TestDownLeavesBusinessTables(t *testing.T) {
	t.Parallel()
	m := migrator(t, pgtest.Database(t))
	conn := pgtest.Connect(t, m.URL)
	pgtest.Exec(t, conn,
		`create table orders (id int primary key, tenant_id uuid, status text)`,
		`create table "My Table" (id int, tenant_id text, primary key (id)) partition by list (id)`,
		`create table "My Part" partition of "My Table" default`,
		`create trigger own before update on orders for each row execute function suppress_redundant_updates_trigger()`)
	before := schema(t, conn)
	up(t, m)
	pgtest.Exec(t, conn, `select rowcast.watch('"My Table"', name => 'mine')`, `create table gone (id int primary key, tenant_id text)`,
		`select rowcast.watch('gone')`, `drop table gone`,
		`insert into orders values (1, gen_random_uuid(), 'new')`, `insert into "My Table" values (1, 'T')`)
	steps, err := m.Down(t.Context())
	if err != nil {
		t.Fatalf("after %v: %v", steps, err)
	}
	if diff := cmp.Diff(before, schema(t, conn)); diff != "" {
		t.Errorf("down left (-before +after):\n%s", diff)
	}
	pgtest.Exec(t, conn, `update orders set status = 'old'`, `truncate "My Table"`)
	if got := pgtest.Column[string](t, conn, `select status from orders`); len(got) != 1 || got[0] != "old" {
		t.Errorf("orders are %q", got)
	}
	steps, err = m.Down(t.Context())
	if err != nil || len(steps) != 1 || !strings.Contains(steps[0].Did, "nothing to remove") {
		t.Errorf("down without schema rowcast: %v, %v", steps, err)
	}
}

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	m := migrator(t, pgtest.Database(t))
	m.Inventory = true
	conn := pgtest.Connect(t, m.URL)
	empty := schema(t, conn)
	first := up(t, m)
	after := schema(t, conn)
	if len(first) < 5 || !strings.HasPrefix(first[0].What, "migration 00001_") {
		t.Errorf("up did %v", first)
	}
	if _, err := m.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(empty, schema(t, conn)); diff != "" {
		t.Errorf("down left (-before +after):\n%s", diff)
	}
	up(t, m)
	if diff := cmp.Diff(withoutNumbers(after), withoutNumbers(schema(t, conn))); diff != "" {
		t.Errorf("the second up differs (-first +second):\n%s", diff)
	}
	// Without Inventory, Down keeps that schema, and Up finds it again.
	m.Inventory = false
	if _, err := m.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := up(t, m); got[len(got)-1] != (postgres.Step{What: "table skus", Did: "watched"}) {
		t.Errorf("up beside the inventory schema did %v", got)
	}
}

// withoutNumbers removes the identifiers that differ from one database to the
// next.
func withoutNumbers(lines []string) []string {
	var plain []string
	for _, line := range lines {
		words := strings.Fields(line)
		for i := range words {
			if strings.Trim(words[i], "0123456789") == "" || strings.Contains(words[i], "ConstraintTrigger") {
				words[i] = "#"
			}
		}
		plain = append(plain, strings.Join(words, " "))
	}
	return plain
}

// A table with open writers does not hold up the writers behind a migration.
func TestMigrateOnBusyTable(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	busy, writer := pgtest.Connect(t, dsn), pgtest.Connect(t, dsn)
	pgtest.Exec(t, busy, `create table orders (id int primary key, tenant_id text)`, `begin`, `insert into orders values (1, 'T')`)
	waits := make(chan struct{}, 100)
	m := &postgres.Migrator{URL: dsn, Log: slog.New(warnings{slog.DiscardHandler, waits}), LockTimeout: 50 * time.Millisecond}
	done := make(chan error, 1)
	go func() {
		_, err := m.Up(t.Context())
		done <- err
	}()
	limit := time.After(timeout)
	pgtest.Exec(t, writer, `set statement_timeout = '2min'`)
	for n := range 3 {
		select {
		case <-waits:
		case err := <-done:
			t.Fatalf("the migration ended on a locked table: %v", err)
		case <-limit:
			t.Fatal("the migration does not give up its lock")
		}
		if _, err := writer.Exec(t.Context(), `insert into orders values ($1, 'T')`, 10+n); err != nil {
			t.Fatalf("a writer behind the migration: %v", err)
		}
	}
	pgtest.Exec(t, busy, `commit`)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, writer, `insert into orders values (20, 'T')`)
	if got := pgtest.Column[string](t, writer, `select sum(rows)::text from rowcast.log`); got[0] != "1" {
		t.Errorf("%s changes are in the log; want 1", got[0])
	}
}

// warnings tells of each warning.
type warnings struct {
	slog.Handler
	seen chan struct{}
}

func (w warnings) Enabled(context.Context, slog.Level) bool { return true }

func (w warnings) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelWarn {
		w.seen <- struct{}{}
	}
	return nil
}

// The tables of the log are waited for in the same way: who queues behind a
// migration of them passes.
func TestMigrationsOfTheLogLetOthersPass(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	up(t, migrator(t, dsn))
	busy, other := pgtest.Connect(t, dsn), pgtest.Connect(t, dsn)
	pgtest.Exec(t, busy, `begin`, `table rowcast.log`)
	waits := make(chan struct{}, 100)
	m := &postgres.Migrator{URL: dsn, Log: slog.New(warnings{slog.DiscardHandler, waits}), LockTimeout: 50 * time.Millisecond}
	done := make(chan error, 1)
	go func() {
		_, err := m.Down(t.Context())
		done <- err
	}()
	pgtest.Exec(t, other, `set statement_timeout = '2min'`)
	for range 3 {
		select {
		case <-waits:
		case err := <-done:
			t.Fatalf("the log was removed under a reader: %v", err)
		case <-time.After(timeout):
			t.Fatal("the migration does not give up its lock")
		}
		pgtest.Exec(t, other, `table rowcast.log`)
	}
	pgtest.Exec(t, busy, `commit`)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestMigrateGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	busy := pgtest.Connect(t, dsn)
	pgtest.Exec(t, busy, `create table orders (id int primary key, tenant_id text)`, `begin`, `insert into orders values (1, 'T')`)
	waits := make(chan struct{}, 100)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	go func() {
		<-waits
		cancel(stop)
	}()
	m := &postgres.Migrator{URL: dsn, Log: slog.New(warnings{slog.DiscardHandler, waits}), LockTimeout: 20 * time.Millisecond}
	steps, err := m.Up(ctx)
	if !errors.Is(err, stop) && !errors.Is(err, context.Canceled) {
		t.Fatalf("the migration ended with %v after %v", err, steps)
	}
	if !strings.Contains(err.Error(), "triggers/orders.sql") || len(steps) == 0 {
		t.Errorf("the error %q does not name the step; done were %v", err, steps)
	}
}

// A removal that was interrupted leaves no table that looks as if its owner had
// stopped watching it: the next migration captures all of them again.
func TestInterruptedDownIsRepaired(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	busy := pgtest.Connect(t, dsn)
	pgtest.Exec(t, busy, `create table orders (id int primary key, tenant_id text)`, `create table skus (id int primary key, tenant_id text)`,
		`create table notes (id int primary key, tenant_id text)`)
	up(t, migrator(t, dsn))
	pgtest.Exec(t, busy, `select rowcast.watch('notes')`, `begin`, `insert into skus values (1, 'T')`)
	waits := make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-waits
		cancel()
	}()
	m := &postgres.Migrator{URL: dsn, Log: slog.New(warnings{slog.DiscardHandler, waits}), LockTimeout: 20 * time.Millisecond}
	if steps, err := m.Down(ctx); err == nil || len(steps) == 0 {
		t.Fatalf("down on a locked table: %v, %v", steps, err)
	}
	pgtest.Exec(t, busy, `commit`)
	up(t, migrator(t, dsn))
	pgtest.Exec(t, busy, `delete from rowcast.log`, `insert into orders values (2, 'T')`, `insert into notes values (2, 'T')`, `insert into skus values (2, 'T')`)
	if got := pgtest.Column[string](t, busy, `select count(*)::text from rowcast.log`); got[0] != "3" {
		t.Errorf("%s of 3 tables are captured", got[0])
	}
}
