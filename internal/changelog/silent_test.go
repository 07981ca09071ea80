package changelog_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog"
	"rowcast/internal/devpg"
)

// A connection that stays open and carries nothing any more is noticed by a
// probe and replaced; changes are found meanwhile.
func TestSilentConnectionIsNoticed(t *testing.T) {
	t.Parallel()
	for name, backend := range map[string]string{"listen": listenBackend, "lock": lockBackend, "tail": tailBackend} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, d := ownDatabase(t, devpg.Options{})
			proxy, dsn := newProxy(t, d.dsn)
			s := newSite(d, "a")
			s.url = dsn
			l := d.tail(t, s.options)
			l.until(t, "sleep", asleep)
			admin := connect(t, d.dsn, "admin")
			pid, port := backendOf(t, admin, backend)
			proxy.freeze(t, port)
			exec(t, admin, "insert into docs values (1, 'T')")
			l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
			eventually(t, "new connection", func() bool {
				return query[bool](t, admin, `select exists (select from pg_stat_activity a
					where a.datname = current_database() and a.pid <> $1 and `+backend+`)`, pid)
			})
			// The server does not know yet: the old session keeps its locks.
			exec(t, admin, "insert into docs values (2, 'T')")
			l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 2 })
			query[bool](t, admin, "select pg_terminate_backend($1) is not null", pid)
			l.until(t, "sleep", func(s changelog.Status) bool { return asleep(s) && s.Leads })
			exec(t, admin, "insert into docs values (3, 'T')")
			l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 3 })
		})
	}
}

// backendOf finds the only backend for which the condition holds, and its port.
func backendOf(t *testing.T, admin *pgx.Conn, condition string) (pid, port int) {
	t.Helper()
	err := admin.QueryRow(t.Context(), `select a.pid, a.client_port from pg_stat_activity a
		where a.datname = current_database() and `+condition).Scan(&pid, &port)
	if err != nil {
		t.Fatalf("find the backend where %s: %v", condition, err)
	}
	return pid, port
}
