package health_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/operate/health"
	"rowcast/internal/test/pgtest"
)

// stuckListener listens and does not end its transaction, so that nothing
// leaves the queue.
func (s *watcher) stuckListener(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := pgtest.ConnectAs(t, s.DSN, "stuck")
	pgtest.Exec(t, conn, `listen anything`, `begin`, `select 1`)
	return conn
}

// fill puts notifications of a page each into the queue.
func (s *watcher) fill(t *testing.T, pages int) {
	t.Helper()
	for n := range pages {
		s.Exec(t, fmt.Sprintf(`select pg_notify('filler', '%d' || repeat('x', 7900))`, n))
	}
}

func TestQueueUsageIsReported(t *testing.T) {
	t.Parallel()
	// The queue belongs to the whole server.
	s := watcherOn(t, pgtest.Own(t, devpg.Options{NoTCP: true}).SocketDSN("postgres"))
	stuck := s.stuckListener(t)
	s.fill(t, 8)
	s.until(t, "use of the queue", func(got health.Status) bool { return got.QueueUsage > 0 })
	pgtest.Exec(t, stuck, `rollback`)
	s.fill(t, 8) // the next who notifies sees that nobody needs the old pages
	s.until(t, "empty queue", func(got health.Status) bool { return got.QueueUsage == 0 })
}

func TestFillingQueueNamesTheHolder(t *testing.T) {
	t.Parallel()
	s := watcherOn(t, smallQueue(t).SocketDSN("postgres"))
	stuck := s.stuckListener(t)
	var pid int
	if err := stuck.QueryRow(t.Context(), `select pg_backend_pid()`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	s.fill(t, 40)
	s.until(t, "filling queue", func(got health.Status) bool { return got.QueueUsage > 0.5 })
	last := s.Status().Checked
	s.until(t, "another check", func(got health.Status) bool { return got.Checked.After(last) })
	said := s.log.lines("the queue of NOTIFY fills")
	if len(said) != 1 || !strings.Contains(said[0], fmt.Sprintf("pid %d, database postgres, role postgres, application stuck", pid)) {
		t.Errorf("the log does not name process %d: %q", pid, said)
	}
	if err := stuck.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.fill(t, 8)
	s.until(t, "empty queue", func(got health.Status) bool { return got.QueueUsage < 0.4 })
	if said := s.log.lines("the queue of NOTIFY is empty again"); len(said) != 1 {
		t.Errorf("the log says %q", said)
	}
}

// smallQueue is a server whose queue of NOTIFY has 64 pages.
func smallQueue(t *testing.T) *devpg.Server {
	t.Helper()
	pg := pgtest.Server(t)
	if major := strings.TrimSpace(pgtest.Psql(t, pg.SocketDSN("postgres"), "-Atc", `select current_setting('server_version_num')::int / 10000`)); major < "17" {
		t.Skipf("the queue of PostgreSQL %s has 8 GB; .ci/run has newer ones", major)
	}
	return pgtest.Own(t, devpg.Options{NoTCP: true, Settings: map[string]string{"max_notify_queue_pages": "64"}})
}
