package changelog_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

func TestNotifyAlwaysNotifiesOfEveryStatement(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	s.start(t, func(o *changelog.Options) { o.Notify = changelog.NotifyAlways })
	s.tail.until(t, "sleep", asleep)
	// Many times the rate at which a tail that may wake up does.
	writer := pgtest.ConnectAs(t, s.DSN, "writer")
	for range 300 {
		pgtest.Exec(t, writer, s.insert())
	}
	s.notificationsWanted(t, 300)
	pgtest.Exec(t, writer, "begin", s.insert(), s.insert(), "update docs set version = 1 where id = 1", "commit")
	s.notificationsWanted(t, 2) // the second insert says the same as the first
	s.tail.wait(t, "every change", func(r *recorder) bool { return len(r.changes) == 303 })
	if !asleep(s.tail.Status()) {
		t.Error("the tail woke up")
	}
}

func TestNotifyNeverNotifies(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	s.start(t, func(o *changelog.Options) { o.Notify = changelog.NotifyNever })
	s.tail.until(t, "leader", func(c changelog.Status) bool { return c.Leads && c.Listening })
	writer := pgtest.ConnectAs(t, s.DSN, "writer")
	for i := range 30 {
		gid := fmt.Sprintf("never %d %s", i, writer.Config().Database)
		pgtest.Exec(t, writer, s.insert(), "begin", s.insert(), "prepare transaction '"+gid+"'", "commit prepared '"+gid+"'")
		s.arrive(t, 0)
	}
	s.notificationsWanted(t, 0)
}

// Anybody can notify, with anything.
func TestForgedNotificationsAreHarmless(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	s.start(t)
	s.tail.until(t, "lead", func(c changelog.Status) bool { return c.Leads }) // or the second may
	second := s.database.tail(t, newDialer(s.database, "b").options, netless)
	s.tail.until(t, "sleep", asleep)
	forger, writer := pgtest.ConnectAs(t, s.DSN, "forger"), pgtest.ConnectAs(t, s.DSN, "writer")
	for i, junk := range []string{
		"", "{", "null", "[]", "0", `"sealed"`, `{}`, `{"v":99}`, `{"sealed":null}`, `{"sealed":"x"}`, `{"sealed":-1}`,
		`{"sealed":9223372036854775807}`, `{"sealed":1e999}`, `{"sealed":{}}`, `{"v":1,"table":"docs","tenant_id":"T"}`,
		`{"v":1,"sealed":1,"sealed":"y"}`, "\x01\x7f", strings.Repeat("[", 7000), strings.Repeat("x", 7999),
	} {
		for _, channel := range []string{"rowcast", "rowcast_probe"} {
			if _, err := forger.Exec(t.Context(), "select pg_notify($1, $2)", channel, junk); err != nil {
				t.Fatal(err)
			}
		}
		pgtest.Exec(t, writer, s.insert())
		s.arrive(t, 0)
		second.wait(t, "change", func(r *recorder) bool { return len(r.changes) == i+1 })
	}
	if status := s.tail.Status(); !asleep(status) || !status.Live {
		t.Errorf("the tail is %+v", status)
	}
	if faults := checkSame(s.tail.snapshot(), second.snapshot()); len(faults) > 0 || len(s.tail.resets) > 0 {
		t.Errorf("%v, resets %v", faults, s.tail.resets)
	}
}

// A flood of notifications that mean nothing does not keep the server busy.
func TestFloodOfNotificationsIsBounded(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	counter := new(queryCounter)
	s.start(t, s.counted(counter))
	s.tail.until(t, "sleep", asleep)
	forger := pgtest.ConnectAs(t, s.DSN, "forger")
	began, before := time.Now(), counter.count.Load()
	for range 3000 {
		pgtest.Exec(t, forger, "notify rowcast, 'flood'")
	}
	took, asked := time.Since(began), counter.count.Load()-before
	t.Logf("%d queries in %s", asked, took)
	if limit := int64(took/(5*time.Millisecond)) + 20; asked > limit {
		t.Errorf("3000 notifications in %s caused %d queries; want at most %d", took, asked, limit)
	}
	pgtest.Exec(t, forger, s.insert())
	s.arrive(t, 0)
}

// While nothing happens a server asks about two questions a second.
func TestIdleServerAsksLittle(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	leader, other := new(queryCounter), new(queryCounter)
	standard := func(o *changelog.Options) { o.Fallback = 0 }
	s.start(t, s.counted(leader), standard)
	s.tail.until(t, "sleep", asleep)
	second := s.database.tail(t, s.counted(other), standard)
	second.until(t, "listening", func(c changelog.Status) bool { return c.Listening })
	for name, counter := range map[string]*queryCounter{"leader": leader, "other": other} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const queries = 10
			before := counter.count.Load()
			eventually(t, "end of the start", func() bool { return counter.count.Load() >= before+6 })
			began, first := time.Now(), counter.count.Load()
			eventually(t, "queries", func() bool { return counter.count.Load() >= first+queries })
			took := time.Since(began)
			t.Logf("%.2f queries a second", queries/took.Seconds())
			if took < 4500*time.Millisecond {
				t.Errorf("an idle server asked %d questions in %s", queries, took)
			}
		})
	}
}

// queryCounter counts what is sent over connections.
type queryCounter struct{ count atomic.Int64 }

func (q *queryCounter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	q.count.Add(1)
	return ctx
}

func (q *queryCounter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// counted has every connection of a tail counted.
func (s *sleeper) counted(q *queryCounter) func(o *changelog.Options) {
	dial := func(ctx context.Context) (*pgx.Conn, error) {
		config, err := postgres.Config(s.DSN, "counted")
		if err != nil {
			return nil, err
		}
		config.Tracer = q
		return pgx.ConnectConfig(ctx, config)
	}
	return func(o *changelog.Options) { o.Connect, o.Listen = dial, dial }
}

// Whoever holds the seal lock stops the feed; the tail names the session and
// goes on when it lets go.
func TestWhoKeepsTheLogFromBeingSealedIsNamed(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	l := d.tail(t)
	l.until(t, "sleep", asleep)
	holder := pgtest.ConnectAs(t, d.DSN, "somebody")
	pgtest.Exec(t, holder, "select pg_advisory_lock(rowcast.lock_number('seal'))", "insert into docs values (1, 'T')")
	l.until(t, "name of the holder", func(s changelog.Status) bool {
		return strings.Contains(s.Problem, "application somebody")
	})
	pgtest.Exec(t, holder, "select pg_advisory_unlock(rowcast.lock_number('seal'))")
	l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
	l.until(t, "end of the problem", func(s changelog.Status) bool { return s.Live && s.Problem == "" })
}
