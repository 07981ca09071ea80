package changelog_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// A connection that stays open and carries nothing any more is noticed by a
// probe and replaced; changes are found meanwhile.
func TestSilentConnectionIsNoticed(t *testing.T) {
	t.Parallel()
	for name, backend := range map[string]string{"listen": listenBackend, "lock": lockBackend, "tail": tailBackend} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, d := ownDatabase(t, devpg.Options{})
			proxy, dsn := newProxy(t, d.DSN)
			s := newDialer(d, "a")
			s.url = dsn
			l := d.tail(t, s.options)
			l.until(t, "sleep", asleep)
			admin := pgtest.ConnectAs(t, d.DSN, "admin")
			pid, port := backendOf(t, admin, backend)
			proxy.freeze(t, port)
			pgtest.Exec(t, admin, "insert into docs values (1, 'T')")
			l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
			eventually(t, "new connection", func() bool {
				return pgtest.Query[bool](t, admin, `select exists (select from pg_stat_activity a
					where a.datname = current_database() and a.pid <> $1 and `+backend+`)`, pid)
			})
			// The server does not know yet: the old session keeps its locks.
			pgtest.Exec(t, admin, "insert into docs values (2, 'T')")
			l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 2 })
			pgtest.Query[bool](t, admin, "select pg_terminate_backend($1) is not null", pid)
			l.until(t, "sleep", func(s changelog.Status) bool { return asleep(s) && s.Leads })
			pgtest.Exec(t, admin, "insert into docs values (3, 'T')")
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

// Where something between swallows notifications only, the connection answers
// and says that it listens. A change for which nobody rang has it tried.
func TestSwallowedNotificationsAreNoticed(t *testing.T) {
	t.Parallel()
	_, d := ownDatabase(t, devpg.Options{})
	database := newDialer(d, "a")
	database.url = withoutNotifications(t, d.DSN)
	log := new(journal)
	l := d.tail(t, database.options, log.options)
	l.until(t, "sleep", asleep)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	pid, _ := backendOf(t, admin, listenBackend)
	changes := 0
	eventually(t, "new LISTEN", func() bool {
		changes++ // one that is committed while the tail falls asleep is found without a notification
		pgtest.Exec(t, admin, "insert into docs values ("+strconv.Itoa(changes)+", 'T')")
		l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == changes })
		return pgtest.Query[bool](t, admin, `select exists (select from pg_stat_activity a
			where a.datname = current_database() and a.pid <> $1 and `+listenBackend+`)`, pid)
	})
	if !strings.Contains(log.String(), "LISTEN delivers nothing, connecting anew") {
		t.Errorf("the log is\n%s", log)
	}
}

// withoutNotifications returns a way to the server on which none arrives.
func withoutNotifications(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	target := u.Host
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() { stop(); _ = listener.Close(); running.Wait() })
	pass := func(client net.Conn) {
		defer client.Close()
		server, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
		if err != nil {
			return
		}
		defer server.Close()
		defer context.AfterFunc(ctx, func() { _ = client.Close(); _ = server.Close() })()
		running.Go(func() { _, _ = io.Copy(server, client); _ = server.Close() })
		head := make([]byte, 5)
		for {
			if _, err := io.ReadFull(server, head); err != nil {
				return
			}
			body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
			if _, err := io.ReadFull(server, body); err != nil {
				return
			}
			if head[0] == 'A' {
				continue
			}
			if _, err := client.Write(append(head, body...)); err != nil {
				return
			}
		}
	}
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { pass(client) })
		}
	})
	u.Host = listener.Addr().String()
	return u.String()
}
