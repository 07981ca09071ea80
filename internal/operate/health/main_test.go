package health_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rowcast/internal/operate/health"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// timeout bounds every wait; it decides nothing but when to give up.
const timeout = 2 * time.Minute

// watcher watches a migrated database with two watched tables, docs and the
// partitioned readings.
type watcher struct {
	*pgtest.Env
	*health.Watcher
	log journal
}

func newWatcher(t *testing.T) *watcher {
	t.Helper()
	return watcherOn(t, pgtest.Database(t))
}

func watcherOn(t *testing.T, dsn string) *watcher {
	t.Helper()
	pgtest.Migrate(t, dsn)
	s := &watcher{Env: pgtest.Open(t, dsn, `create table docs (id int primary key, tenant_id text, body text)`,
		`create table readings (id int primary key, tenant_id text) partition by range (id)`,
		`create table readings_1 partition of readings for values from (0) to (10)`,
		`select rowcast.watch('docs'), rowcast.watch('readings')`)}
	s.Watcher = health.New(health.Options{
		Database: pgtest.Pool(t, s.DSN, "rowcast history", 2), Log: slog.New(slog.NewTextHandler(&s.log, nil)), Interval: 20 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the watcher ended with %v", err)
		}
		t.Log(s.log.String())
	})
	s.intact(t)
	return s
}

func (s *watcher) migrate(t *testing.T) []postgres.Step {
	t.Helper()
	m := postgres.Migrator{URL: s.DSN, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	steps, err := m.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// captured counts the row changes in the log.
func (s *watcher) captured(t *testing.T) (rows int) {
	t.Helper()
	return pgtest.Query[int](t, s.Conn, `select coalesce(sum(rows), 0) from rowcast.log`)
}

// until waits for what a check finds that began after the call.
func (s *watcher) until(t *testing.T, what string, condition func(health.Status) bool) health.Status {
	t.Helper()
	began := time.Now()
	for {
		got := s.Status()
		if got.Checked.After(began) && condition(got) {
			return got
		}
		if time.Since(began) > timeout {
			t.Fatalf("still no %s: %+v\n%s", what, got, s.log.String())
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *watcher) intact(t *testing.T) {
	t.Helper()
	s.until(t, "intact triggers", func(got health.Status) bool { return len(got.Drifted) == 0 })
}

// journal keeps the log.
type journal struct{ servetest.Transcript }

// lines are those that contain the text.
func (j *journal) lines(text string) (found []string) {
	for line := range strings.Lines(j.String()) {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}
