package health_test

import (
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/operate/health"
	"rowcast/internal/test/pgtest"
	"rowcast/triggers"
)

// Any role that may connect can take a lock of the servers. Whoever holds one for
// longer is named, once, also to a role that sees nothing else of other sessions;
// a server that leads is not.
func TestHoldersOfLocksAreNamed(t *testing.T) {
	t.Parallel()
	s := newWatcher(t)
	server := pgtest.ConnectAs(t, s.DSN, "a server")
	pgtest.Exec(t, server, `select pg_advisory_lock_shared(rowcast.lock_number('server'))`,
		`select pg_advisory_lock(rowcast.lock_number('leader'))`, `select pg_advisory_lock(rowcast.lock_number('sleep'))`)
	plain := pgtest.ConnectAs(t, s.DSN, "usurper")
	pgtest.Admin(t, pgtest.Server(t), `create role locks_plain`)
	t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), `drop role locks_plain`) })
	pgtest.Exec(t, plain, `set role locks_plain`)
	hold := func(mode string, number int64) {
		t.Helper()
		pgtest.Exec(t, plain, fmt.Sprintf(`select pg_advisory_lock%s(%d)`, mode, number))
	}
	for _, taken := range []struct {
		lock, mode string
		number     int64
	}{{"seal", "", triggers.SealLock}, {"prune", "", triggers.PruneLock}, {"migration", "_shared", triggers.MigrationLock}} {
		lock := taken.lock
		hold(taken.mode, taken.number)
		got := s.until(t, "holder of "+lock, func(got health.Status) bool { return len(got.Held) == 1 }).Held[0]
		if got.Lock != lock || !strings.Contains(got.Who, fmt.Sprintf("pid %d,", plain.PgConn().PID())) || !strings.Contains(got.String(), "application usurper") {
			t.Errorf("%s: %s", lock, got)
		}
		pgtest.Exec(t, plain, `select pg_advisory_unlock_all()`)
		s.until(t, "end", func(got health.Status) bool { return len(got.Held) == 0 })
		if lines := s.log.lines("lock=" + lock); len(lines) != 2 {
			t.Errorf("%s is logged as %q", lock, lines)
		}
	}
	pgtest.Exec(t, server, `select pg_advisory_unlock_all()`)
	for lock, number := range map[string]int64{"leader": triggers.LeaderLock, "sleep": triggers.SleepLock, "server": triggers.ServerLock} {
		hold("", number)
		got := s.until(t, "holder of "+lock, func(got health.Status) bool { return len(got.Held) == 1 }).Held[0]
		if got.Lock != lock {
			t.Errorf("%s: %s", lock, got)
		}
		pgtest.Exec(t, plain, `select pg_advisory_unlock_all()`)
		s.until(t, "end", func(got health.Status) bool { return len(got.Held) == 0 })
	}
}
