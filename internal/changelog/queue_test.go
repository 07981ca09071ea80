package changelog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/changelog"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// The queue of NOTIFY is full, because a session that listens keeps its
// transaction open. Who notifies then fails to commit; neither the writers of
// watched tables nor the tails do, changes come with the fallback poll, and all
// is as before when the session has gone.
func TestFullQueueHarmsNobody(t *testing.T) {
	t.Parallel()
	probe := pgtest.ConnectAs(t, pgtest.Server(t).SocketDSN("postgres"), "probe")
	if major := pgtest.Query[int](t, probe, "select current_setting('server_version_num')::int / 10000"); major < 17 {
		t.Skipf("the queue of PostgreSQL %d has 8 GB; .ci/run has newer ones", major)
	}
	_, d := ownDatabase(t, devpg.Options{NoTCP: true, Settings: map[string]string{"max_notify_queue_pages": "64"}})
	log := new(journal)
	l := d.tail(t, log.options)
	l.until(t, "sleep", asleep) // so that it leads
	second := d.tail(t, log.options)
	second.until(t, "listening", func(s changelog.Status) bool { return s.Listening })
	stuck, filler, writer := pgtest.ConnectAs(t, d.DSN, "stuck"), pgtest.ConnectAs(t, d.DSN, "filler"), pgtest.ConnectAs(t, d.DSN, "writer")
	pgtest.Exec(t, stuck, "listen anything", "begin", "select 1")
	full := fillQueue(t, filler)
	t.Logf("the queue takes %d messages", full)
	for id := range 12 {
		pgtest.Exec(t, writer, fmt.Sprintf("insert into docs values (%d, 'T')", id), "truncate docs")
		want := 2*id + 2
		l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == want })
		second.wait(t, "change", func(r *recorder) bool { return len(r.changes) == want })
		if !l.Status().Live || !second.Status().Live {
			t.Fatalf("not live: %+v, %+v", l.Status(), second.Status())
		}
	}
	// A server that starts meanwhile cannot tell anybody, and follows.
	third := d.tail(t, log.options)
	third.until(t, "listening", func(s changelog.Status) bool { return s.Listening })
	if fillQueue(t, filler) > 1 {
		t.Error("the queue was not full all the time")
	}
	if said := log.String(); said != "" {
		t.Errorf("the tails suffer from the queue:\n%s", said)
	}
	pgtest.Exec(t, stuck, "rollback")
	eventually(t, "room in the queue", func() bool {
		return pgtest.Query[float64](t, filler, "select pg_notification_queue_usage()") < 0.1
	})
	l.until(t, "sleep", asleep)
	pgtest.Exec(t, writer, "insert into docs values (100, 'T')")
	for _, tail := range []*tail{l, second, third} {
		tail.wait(t, "change after all", func(r *recorder) bool {
			return len(r.changes) > 0 && strings.Contains(string(r.changes[len(r.changes)-1].After), `"id":100`)
		})
	}
}

// fillQueue sends messages until there is no room, and returns how many had.
func fillQueue(t *testing.T, conn *pgx.Conn) (sent int) {
	t.Helper()
	for ; ; sent++ {
		_, err := conn.Exec(t.Context(), fmt.Sprintf("select pg_notify('filler', '%d' || repeat('x', 7900))", sent))
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "54000" {
			return sent
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
