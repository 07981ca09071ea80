package rules_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/rules"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func watcher(t *testing.T, changed func()) (*rules.Watcher, *pgtest.Env) {
	t.Helper()
	e := pgtest.Migrated(t, `create table notes (id int primary key, tenant_id text, reader text)`, `select rowcast.watch('notes')`)
	w := rules.New(rules.Options{
		Connect: func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, e.DSN) },
		Log:     slog.New(slog.NewTextHandler(t.Output(), nil)), Changed: changed, Interval: time.Millisecond,
	})
	t.Cleanup(w.Close)
	return w, e
}

const watch = `select rowcast.watch('notes', audience => 'reader')`

func TestTake(t *testing.T) {
	t.Parallel()
	changes := 0
	w, e := watcher(t, func() { changes++ })
	take := func(version int64) {
		t.Helper()
		if err := w.Take(t.Context(), version); err != nil {
			t.Fatal(err)
		}
	}
	take(0)
	if changes != 0 || w.Withholds() {
		t.Errorf("%d changes before there are rules, withholds: %v", changes, w.Withholds())
	}
	e.Exec(t, watch)
	take(1)
	take(1)
	if changes != 1 || !w.Withholds() {
		t.Errorf("%d changes, withholds: %v; want one", changes, w.Withholds())
	}
	e.Exec(t, `select rowcast.watch('notes', audience => '')`, watch)
	take(2) // version 3 is there
	take(3)
	take(2)
	if changes != 2 {
		t.Errorf("%d changes, want 2: a newer version was followed already", changes)
	}
	w.Forget()
	take(1)
	if changes != 3 {
		t.Errorf("%d changes, want 3: the database may be another one", changes)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Take(ended, 9); err == nil {
		t.Error("a version that was not read was followed")
	}
}

func TestVersionIsNoticed(t *testing.T) {
	t.Parallel()
	changed := make(chan struct{}, 10)
	w, e := watcher(t, func() { changed <- struct{}{} })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	e.Exec(t, watch)
	<-changed
	if !w.Withholds() {
		t.Error("it withholds nothing")
	}
	stop()
	if err := <-done; err == nil {
		t.Error("it ended without a cause")
	}
}

// TestConnectionIsMadeAnew: one that is gone costs an answer, and the next is right.
func TestConnectionIsMadeAnew(t *testing.T) {
	t.Parallel()
	w, e := watcher(t, nil)
	if err := w.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Exec(t, watch)
	if n := len(pgtest.Column[bool](t, e.Conn, `select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = current_database() and application_name ~ '^rowcast rules \d+$'`)); n != 1 {
		t.Fatalf("%d connections of the watcher are ended, want one", n)
	}
	if err := w.Take(t.Context(), 1); err == nil {
		t.Error("a version was followed over a connection that is gone")
	}
	if err := w.Take(t.Context(), 1); err != nil || !w.Withholds() {
		t.Errorf("the version is followed: %v, %v", w.Withholds(), err)
	}
	if name := pgtest.Query[string](t, e.Conn, `select application_name from pg_stat_activity where datname = current_database() and application_name ~ '^rowcast rules'`); name != "rowcast rules 1" {
		t.Errorf("the connection is called %s", name)
	}
}
