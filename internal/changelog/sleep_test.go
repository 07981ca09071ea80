package changelog_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/changelog"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// sleeper is a server without a safety net: the fallback poll does not come
// within the timeout of a test, so that a lost wake-up is a failure.
type sleeper struct {
	*database
	*dialer
	tail  *tail
	ear   *ear
	admin *pgx.Conn
	next  int
}

// netless turns off the fallback poll.
func netless(o *changelog.Options) { o.Fallback = time.Hour }

// pollless turns off the polls while awake, too: only changes of the state and
// notifications make the tail look.
func pollless(o *changelog.Options) { o.Poll = time.Hour }

// newSleeper makes one that does not run yet.
func newSleeper(t *testing.T) *sleeper {
	t.Helper()
	d := newDatabase(t)
	return &sleeper{database: d, dialer: newDialer(d, "a"), ear: newEar(t, d), admin: pgtest.ConnectAs(t, d.DSN, "admin")}
}

func (s *sleeper) start(t *testing.T, adjust ...func(*changelog.Options)) {
	t.Helper()
	s.tail = s.database.tail(t, append([]func(*changelog.Options){s.options, netless}, adjust...)...)
}

// insert is a statement that adds the next row.
func (s *sleeper) insert() string {
	s.next++
	return fmt.Sprintf("insert into docs values (%d, 'T')", s.next)
}

// arrive waits until every row inserted so far, less those still open, has
// been published, once and in order.
func (s *sleeper) arrive(t *testing.T, open int) {
	t.Helper()
	want := s.next - open
	s.tail.wait(t, fmt.Sprintf("%d changes", want), func(r *recorder) bool { return len(r.changes) >= want })
	for i, c := range s.tail.snapshot() {
		if c.Position != int64(i+1) {
			t.Fatalf("change %d is %s", i, brief(c))
		}
	}
}

func (s *sleeper) notificationsWanted(t *testing.T, want int) {
	t.Helper()
	if got := s.ear.notifications(t); got != want {
		t.Fatalf("writers rang %d times; want %d", got, want)
	}
}

func TestSleepLock(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run("writer before the request/"+isolation, func(t *testing.T) {
			t.Parallel()
			s := newSleeper(t)
			writer := pgtest.ConnectAs(t, s.DSN, "writer")
			pgtest.Exec(t, writer, "begin isolation level "+isolation, s.insert())
			s.start(t, pollless)
			waiting(t, s.admin)
			pgtest.Exec(t, writer, "commit")
			s.notificationsWanted(t, 0)
			s.arrive(t, 0)
			s.tail.until(t, "sleep", asleep)
		})
		t.Run("writer while the request is queued/"+isolation, func(t *testing.T) {
			t.Parallel()
			s := newSleeper(t)
			early, late := pgtest.ConnectAs(t, s.DSN, "early"), pgtest.ConnectAs(t, s.DSN, "late")
			pgtest.Exec(t, early, "begin isolation level "+isolation, s.insert())
			pgtest.Exec(t, late, "begin isolation level "+isolation, "table docs")
			s.start(t, pollless)
			waiting(t, s.admin)
			pgtest.Exec(t, late, s.insert(), "commit")
			s.notificationsWanted(t, 1)
			s.arrive(t, 1)
			pgtest.Exec(t, early, "commit")
			s.notificationsWanted(t, 0)
			s.arrive(t, 0)
			s.tail.until(t, "sleep", asleep)
		})
		t.Run("writer after the grant/"+isolation, func(t *testing.T) {
			t.Parallel()
			s := newSleeper(t)
			// Its snapshot is older than the sleep.
			writer, other := pgtest.ConnectAs(t, s.DSN, "writer"), pgtest.ConnectAs(t, s.DSN, "other")
			pgtest.Exec(t, writer, "begin isolation level "+isolation, "table docs")
			s.start(t, pollless)
			s.tail.until(t, "sleep", asleep)
			pgtest.Exec(t, writer, s.insert())
			pgtest.Exec(t, other, s.insert())
			s.arrive(t, 1)
			pgtest.Exec(t, writer, "commit")
			s.notificationsWanted(t, 2)
			s.arrive(t, 0)
		})
	}
	t.Run("prepared transaction", func(t *testing.T) {
		t.Parallel()
		s := newSleeper(t)
		writer := pgtest.ConnectAs(t, s.DSN, "writer")
		pgtest.Exec(t, writer, "begin", s.insert(), "prepare transaction '"+s.DSN+"'")
		s.start(t, pollless)
		waiting(t, s.admin)
		pgtest.Exec(t, writer, "commit prepared '"+s.DSN+"'")
		s.notificationsWanted(t, 0)
		s.arrive(t, 0)
		s.tail.until(t, "sleep", asleep)
	})
	t.Run("savepoint that took the lock is rolled back", func(t *testing.T) {
		t.Parallel()
		s := newSleeper(t)
		writer := pgtest.ConnectAs(t, s.DSN, "writer")
		pgtest.Exec(t, writer, "begin", "savepoint s", "insert into docs values (99, 'T')", "rollback to s")
		s.start(t, pollless)
		s.tail.until(t, "sleep", asleep)
		pgtest.Exec(t, writer, s.insert(), "commit")
		s.notificationsWanted(t, 1)
		s.arrive(t, 0)
	})
}

// A seal that another session is doing may have missed a commit that had no
// notify, or whose notification has arrived already.
func TestSleepsOnlyAfterASealOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	s.start(t)
	s.tail.until(t, "sleep", asleep)
	other := pgtest.ConnectAs(t, s.DSN, "sealer")
	pgtest.Exec(t, other, "begin", "select rowcast.seal()")
	writer := pgtest.ConnectAs(t, s.DSN, "writer")
	before := pgtest.Query[time.Time](t, writer, "select clock_timestamp()")
	pgtest.Exec(t, writer, s.insert())
	s.notificationsWanted(t, 1)
	eventually(t, "attempt to seal", func() bool {
		return pgtest.Query[int](t, s.admin, `select count(*) from pg_stat_activity a
			where a.datname = current_database() and a.application_name = 'a tail' and a.query_start > $1
			  and (a.query not like '%rowcast.seal()%' or a.state = 'idle')`, before) > 0
	})
	pgtest.Exec(t, other, "rollback")
	s.arrive(t, 0)
}

// Under load writers are silent: the leader polls, and tells the others.
func TestWakesUpUnderLoad(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	s.start(t)
	s.tail.until(t, "sleep", asleep)
	second := s.database.tail(t, newDialer(s.database, "b").options, netless)
	writer := pgtest.ConnectAs(t, s.DSN, "writer")
	awake := func(c changelog.Status) bool { return c.Leads && !c.Asleep }
	for round := range 3 {
		s.tail.until(t, "sleep", asleep)
		pgtest.Exec(t, writer, s.insert())
		s.arrive(t, 0)
		load := func() {
			t.Helper()
			eventually(t, "wake-up", func() bool {
				pgtest.Exec(t, writer, s.insert())
				return awake(s.tail.Status())
			})
		}
		load()
		s.ear.notifications(t)
		quiet := 0
		eventually(t, "thirty silent commits", func() bool {
			pgtest.Exec(t, writer, "begin", s.insert())
			if silent(t, s.admin, writer) {
				quiet++
			}
			pgtest.Exec(t, writer, "commit")
			s.arrive(t, 0)
			second.wait(t, "silent change", func(r *recorder) bool { return len(r.changes) == s.next })
			if !awake(s.tail.Status()) {
				load() // on a slow machine the above is none
			}
			return quiet >= 30
		})
		t.Logf("round %d ends at %d", round, s.next)
	}
}

// A transaction that stays open must not keep the tail between sleep and
// waking: from the request on every writer notifies.
func TestWakesUpWhileAWriterKeepsItDrowsy(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	straggler, writer := pgtest.ConnectAs(t, s.DSN, "straggler"), pgtest.ConnectAs(t, s.DSN, "writer")
	pgtest.Exec(t, straggler, "begin", s.insert())
	s.start(t)
	waiting(t, s.admin)
	eventually(t, "silent writer", func() bool {
		pgtest.Exec(t, writer, "begin", s.insert())
		quiet := silent(t, s.admin, writer)
		pgtest.Exec(t, writer, "commit")
		return quiet
	})
	waiting(t, s.admin)
	pgtest.Exec(t, straggler, "commit")
	s.tail.until(t, "sleep", asleep)
	s.tail.wait(t, "every change", func(r *recorder) bool { return len(r.changes) == s.next })
}

// On a slow disk notifications hold the writers below any rate: they wait for each
// other's commits. The queue wakes the tail.
func TestWakesUpForAQueue(t *testing.T) {
	t.Parallel()
	_, d := ownDatabase(t, devpg.Options{Durable: true, NoTCP: true})
	tail := d.tail(t, newDialer(d, "a").options)
	tail.until(t, "sleep", asleep)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	pgtest.Exec(t, admin, "create table notes (id int generated always as identity primary key, tenant_id text)", "select rowcast.watch('notes')")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writers errgroup.Group
	for range 4 {
		conn := pgtest.ConnectAs(t, d.DSN, "writer")
		pgtest.Exec(t, conn, "set commit_delay = 50000", "set commit_siblings = 0")
		writers.Go(func() error {
			for ctx.Err() == nil {
				if _, err := conn.Exec(t.Context(), "insert into notes (tenant_id) values ('T')"); err != nil {
					return err
				}
			}
			return nil
		})
	}
	tail.until(t, "wake-up", func(c changelog.Status) bool { return c.Leads && !c.Asleep })
	stop()
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := pgtest.Query[int](t, admin, "select count(*) from notes"); n > 100 {
		t.Errorf("%d commits came before the wake-up: it was their rate", n)
	}
}
