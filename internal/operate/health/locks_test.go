package health_test

import (
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/operate/health"
	"rowcast/internal/test/pgtest"
)

// Any role that may connect can take a lock of the servers. Whoever holds one for
// longer is named, once, also to a role that sees nothing else of other sessions;
// a server that leads is not.
func TestHoldersOfLocksAreNamed(t *testing.T) {
	t.Parallel()
	s := newWatcher(t)
	server := pgtest.ConnectAs(t, s.DSN, "a server")
	pgtest.Exec(t, server, `select pg_advisory_lock_shared(8245940711459091462)`, `select pg_advisory_lock(8245940711459091459)`, `select pg_advisory_lock(8245940711459091457)`)
	plain := pgtest.ConnectAs(t, s.DSN, "usurper")
	pgtest.Admin(t, pgtest.Server(t), `create role locks_plain`)
	t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), `drop role locks_plain`) })
	pgtest.Exec(t, plain, `set role locks_plain`)
	for lock, statement := range map[string]string{
		"seal": `select pg_advisory_lock(8245940711459091458)`, "prune": `select pg_advisory_lock(8245940711459091460)`,
		"migration": `select pg_advisory_lock_shared(8245940711459091461)`,
	} {
		pgtest.Exec(t, plain, statement)
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
	for lock, statement := range map[string]string{
		"leader": `select pg_advisory_lock(8245940711459091459)`, "sleep": `select pg_advisory_lock(8245940711459091457)`,
		"server": `select pg_advisory_lock(8245940711459091462)`,
	} {
		pgtest.Exec(t, plain, statement)
		got := s.until(t, "holder of "+lock, func(got health.Status) bool { return len(got.Held) == 1 }).Held[0]
		if got.Lock != lock {
			t.Errorf("%s: %s", lock, got)
		}
		pgtest.Exec(t, plain, `select pg_advisory_unlock_all()`)
		s.until(t, "end", func(got health.Status) bool { return len(got.Held) == 0 })
	}
}
