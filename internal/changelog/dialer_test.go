package changelog_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
	"rowcast/triggers"
)

// dialer is where the connections of one server come from. It can be cut off.
type dialer struct {
	name, url string

	mu   sync.Mutex
	gate chan struct{} // closed while connections are let through
}

func newDialer(d *database, name string) *dialer {
	s := &dialer{name: name, url: d.DSN, gate: make(chan struct{})}
	close(s.gate)
	return s
}

// block holds back new connections until unblock.
func (s *dialer) block() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = make(chan struct{})
}

func (s *dialer) unblock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.gate)
}

func (s *dialer) dial(kind string) func(ctx context.Context) (*pgx.Conn, error) {
	return func(ctx context.Context) (*pgx.Conn, error) {
		s.mu.Lock()
		gate := s.gate
		s.mu.Unlock()
		select {
		case <-gate:
			return postgres.Connect(ctx, s.url, s.name+" "+kind)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (s *dialer) options(o *changelog.Options) {
	o.Connect, o.Listen = s.dial("tail"), s.dial("listen")
}

// The connections of a server, as conditions on pg_stat_activity.
const (
	tailBackend   = `a.application_name like '% tail'`
	listenBackend = `a.query ~* '^(listen |select .[A-Z2-7]{26}. where 2 = )'`
	lockBackend   = `exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory'
	                   and l.mode = 'ShareLock' and l.objid = (rowcast.lock_number('server') & 4294967295)::oid)`
)

// kill terminates the backends of a dialer for which the condition holds, and
// returns when they are gone. The test fails unless it was want of them.
func (s *dialer) kill(t *testing.T, admin *pgx.Conn, condition string, want int) {
	t.Helper()
	killed := pgtest.Query[int](t, admin, `
		select count(*) from (
			select pg_terminate_backend(a.pid, 10000) as gone from pg_stat_activity a
			 where a.datname = current_database() and a.application_name like $1 || ' %' and `+condition+`) k
		 where k.gone`, s.name)
	if killed != want {
		t.Fatalf("killed %d backends of %s; want %d", killed, s.name, want)
	}
}

// waiting blocks until a session waits for the sleep lock.
func waiting(t *testing.T, admin *pgx.Conn) {
	t.Helper()
	eventually(t, "request for the sleep lock", func() bool {
		return pgtest.Query[bool](t, admin, `
			select exists (select from pg_locks l
			 where l.locktype = 'advisory' and not l.granted and l.mode = 'ExclusiveLock'
			   and l.database = (select oid from pg_database where datname = current_database())
			   and l.objid = ($1::bigint & 4294967295)::oid)`, triggers.SleepLock)
	})
}

// silent says whether the session holds the sleep lock shared, so that it
// commits without a notification.
func silent(t *testing.T, admin, writer *pgx.Conn) bool {
	t.Helper()
	return pgtest.Query[bool](t, admin, `
		select exists (select from pg_locks l
		 where l.locktype = 'advisory' and l.granted and l.mode = 'ShareLock' and l.pid = $2
		   and l.objid = ($1::bigint & 4294967295)::oid)`, triggers.SleepLock, int32(writer.PgConn().PID()))
}

// eventually polls for a fact that nobody announces.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(timeout); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still no %s after %s", what, timeout)
		}
	}
}
