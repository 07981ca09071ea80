package changelog_test

import (
	"sync"
	"testing"

	"rowcast/internal/changelog"
	"rowcast/internal/feed"
	"rowcast/internal/test/pgtest"
)

// What is killed is asleep, and may not connect anew until the change that was
// committed next has arrived: nothing but the tail's own attention finds it.
func TestSleepSurvivesKills(t *testing.T) {
	t.Parallel()
	for name, backend := range map[string]string{"listen": listenBackend, "lock": lockBackend} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSleeper(t)
			s.start(t)
			s.tail.until(t, "sleep", asleep)
			s.block()
			s.kill(t, s.admin, backend, 1)
			writer := pgtest.ConnectAs(t, s.DSN, "writer")
			for range 3 {
				pgtest.Exec(t, writer, s.insert())
				s.arrive(t, 0)
			}
			s.unblock()
			s.tail.until(t, "sleep", asleep)
			pgtest.Exec(t, writer, s.insert())
			s.arrive(t, 0)
		})
	}
	t.Run("tail", func(t *testing.T) {
		t.Parallel()
		s := newSleeper(t)
		s.start(t)
		s.tail.until(t, "sleep", asleep)
		s.kill(t, s.admin, tailBackend, 1)
		writer := pgtest.ConnectAs(t, s.DSN, "writer")
		pgtest.Exec(t, writer, s.insert())
		s.arrive(t, 0)
		s.tail.until(t, "sleep", asleep)
		pgtest.Exec(t, writer, s.insert())
		s.arrive(t, 0)
		s.notificationsWanted(t, 2)
	})
	t.Run("everything", func(t *testing.T) {
		t.Parallel()
		s := newSleeper(t)
		s.start(t)
		s.tail.until(t, "sleep", asleep)
		s.kill(t, s.admin, "true", 3)
		writer := pgtest.ConnectAs(t, s.DSN, "writer")
		pgtest.Exec(t, writer, s.insert())
		s.arrive(t, 0)
		s.tail.until(t, "sleep", asleep)
		pgtest.Exec(t, writer, s.insert())
		s.arrive(t, 0)
	})
}

// The second server takes over from one that is gone, and from one that holds
// its locks and does nothing.
func TestSecondServerTakesOver(t *testing.T) {
	t.Parallel()
	t.Run("leader killed", func(t *testing.T) {
		t.Parallel()
		s := newSleeper(t)
		s.start(t)
		s.tail.until(t, "sleep", asleep)
		second := s.database.tail(t, newDialer(s.database, "b").options, netless)
		writer := pgtest.ConnectAs(t, s.DSN, "writer")
		pgtest.Exec(t, writer, s.insert())
		s.arrive(t, 0)
		second.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
		s.block()
		s.kill(t, s.admin, "true", 3)
		pgtest.Exec(t, writer, s.insert())
		second.wait(t, "second change", func(r *recorder) bool { return len(r.changes) == 2 })
		second.until(t, "leader", func(c changelog.Status) bool { return c.Leads && asleep(c) })
		pgtest.Exec(t, writer, s.insert())
		second.wait(t, "third change", func(r *recorder) bool { return len(r.changes) == 3 })
		s.unblock()
		s.arrive(t, 0)
	})
	t.Run("leader frozen asleep", func(t *testing.T) {
		t.Parallel()
		s := newSleeper(t)
		thaw, frozen := make(chan struct{}), make(chan struct{})
		freeze := sync.OnceFunc(func() { close(frozen); <-thaw })
		s.start(t, func(o *changelog.Options) {
			publish := o.Publish
			o.Publish = func(changes []feed.Change, sequence int64) {
				if len(changes) > 0 {
					freeze()
				}
				publish(changes, sequence)
			}
		})
		release := sync.OnceFunc(func() { close(thaw) })
		t.Cleanup(release)
		s.tail.until(t, "sleep", asleep)
		second := s.database.tail(t, newDialer(s.database, "b").options, netless)
		writer := pgtest.ConnectAs(t, s.DSN, "writer")
		pgtest.Exec(t, writer, s.insert())
		<-frozen
		for n := 2; n <= 4; n++ {
			pgtest.Exec(t, writer, s.insert())
			second.wait(t, "change", func(r *recorder) bool { return len(r.changes) == n })
		}
		release()
		s.arrive(t, 0)
	})
}
