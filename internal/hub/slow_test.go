package hub_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
)

// last is the last message that was received whole.
func last(t *testing.T, c *conn) line {
	t.Helper()
	synctest.Wait()
	lines := c.complete(t)
	if len(lines) == 0 {
		t.Fatal("nothing was received")
	}
	return lines[len(lines)-1]
}

// TestSlowConsumer: one that takes nothing is ended, and told if it reads at
// last.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	kilobyte := strings.Repeat("x", 1000)
	bubble(t, nil, func(t *testing.T, b *bundle) {
		slow, dead, fast := newConn(unlimited), newConn(unlimited), newConn(unlimited)
		for _, c := range []*conn{slow, dead, fast} {
			b.join(t, c, session.Request{Tenant: "T"})
		}
		slow.stop()
		dead.stop()
		for range 1200 { // more than 1 MiB, then silence
			b.publish("T", 1, false, kilobyte)
		}
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if n := b.Stats().Subscriptions; n != 3 {
			t.Fatalf("%d subscriptions: ended before its time", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := b.Stats().Closes[signal.SlowConsumer]; n != 0 {
			t.Fatal("ended before its close frame was sent or given up")
		}
		if n := b.Stats().Subscriptions; n != 1 {
			t.Errorf("%d subscriptions, those of ending sessions included", n)
		}
		slow.allow(unlimited) // it reads at last
		if l := last(t, slow); l.kind != "close" || l.name != "slow-consumer" {
			t.Fatalf("the last message is %v", l)
		}
		if hung, flushed := slow.isHung(); !hung || !flushed {
			t.Error("not hung up")
		}
		time.Sleep(6 * time.Second)
		if hung, flushed := dead.isHung(); !hung || flushed {
			t.Error("the dead client is not hung up")
		}
		if n := strings.Count(fast.text(), "event|"); n != 1200 {
			t.Errorf("the fast client got %d events", n)
		}
		if s := b.Stats(); s.Closes[signal.SlowConsumer] != 2 || s.Sessions != 1 || s.Blocked != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

// TestAnswersAreBounded: who asks without end and does not read is ended at once,
// however much it may be behind.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.MaxControl = 4000 }, func(t *testing.T, b *bundle) {
		for range 20 {
			b.publish("T", 1, false, strings.Repeat("x", 1000))
		}
		c := newConn(0)
		s := b.join(t, c, session.Request{Tenant: "T", Cursor: feedID + ".0.0"})
		for range 1000 {
			s.Send([]byte("pong||||\n"))
		}
		c.allow(unlimited)
		if l := last(t, c); l.kind != "close" || l.name != "slow-consumer" {
			t.Fatalf("the last message is %v", l)
		}
		if n := strings.Count(c.text(), "pong"); n > 0 {
			t.Errorf("%d answers were kept", n)
		}
	})
}

// TestSlowConsumerCatchesUp: far behind, but not for long.
func TestSlowConsumerCatchesUp(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		for range 5 {
			c.stop()
			for range 1200 {
				b.publish("T", 1, false, strings.Repeat("x", 1000))
			}
			time.Sleep(1500 * time.Millisecond)
			c.allow(unlimited)
			synctest.Wait()
		}
		if n := strings.Count(c.text(), "event|"); n != 6000 {
			t.Fatalf("got %d events, %v", n, b.Stats().Closes)
		}
	})
}

// TestCatchUpIsPacedByTheClient: the history is not read into memory for a
// client that does not take it, and such a client is not slow as long as it
// takes something.
func TestCatchUpIsPacedByTheClient(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.PageSize = 100 }, func(t *testing.T, b *bundle) {
		for range 5000 { // 5 MB
			b.publish("T", 1, false, strings.Repeat("x", 1000))
		}
		c := newConn(0)
		s := b.join(t, c, session.Request{Tenant: "T", Cursor: feedID + ".0.0"})
		if b.history.reads > 4 {
			t.Errorf("%d reads for a client that takes nothing", b.history.reads)
		}
		for range 12 {
			time.Sleep(8 * time.Second)
			c.allow(500_000)
			s.Alive()
			synctest.Wait()
			b.publish("T", 1, false, "live")
		}
		synctest.Wait()
		if n := strings.Count(c.text(), "|e0|"); n != 5012 {
			t.Fatalf("got %d events; %v", n, b.Stats().Closes)
		}
	})
}

// TestSlowClientResumes: one on a slow line that comes back far behind is let
// catch up as fast as it can, and is a slow consumer only when it takes nothing.
func TestSlowClientResumes(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.PingInterval = time.Hour }, func(t *testing.T, b *bundle) {
		b.join(t, newConn(unlimited), session.Request{Tenant: "T"}) // keeps the ring
		for range 4000 {
			b.publish("T", 1, false, strings.Repeat("x", 1000))
		}
		c := newConn(0)
		b.join(t, c, session.Request{Tenant: "T", Cursor: feedID + ".0.0"})
		for range 60 { // 4 MB at 80 KB/s
			c.allow(80_000)
			time.Sleep(time.Second)
		}
		if n := strings.Count(c.text(), "|e0|"); n != 4000 {
			t.Fatalf("got %d events, %v", n, b.Stats().Closes)
		}
		c.stop()
		for range 1200 {
			b.publish("T", 1, false, strings.Repeat("x", 1000))
		}
		time.Sleep(16 * time.Second)
		if n := b.Stats().Closes[signal.SlowConsumer]; n != 1 {
			t.Errorf("then it was ended %d times as slow", n)
		}
	})
}

// TestRecoveredClientStaysFree: the deadlines of the time when it was blocked
// do not come back.
func TestRecoveredClientStaysFree(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		c.stop()
		b.publish("T", 1, false, "")
		synctest.Wait()
		c.allow(unlimited)
		time.Sleep(20 * time.Second)
		b.publish("T", 1, false, "")
		synctest.Wait()
		if n := strings.Count(c.text(), "|e0|"); n != 2 {
			t.Fatalf("got %d events; %v", n, b.Stats().Closes)
		}
	})
}

// TestStalledClient is behind by little, but takes nothing at all.
func TestStalledClient(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		c.stop()
		b.publish("T", 1, false, "x")
		time.Sleep(9 * time.Second)
		if hung, _ := c.isHung(); hung {
			t.Fatal("ended too early")
		}
		time.Sleep(2*time.Second + 5*time.Second)
		if n := b.Stats().Closes[signal.SlowConsumer]; n != 1 {
			t.Fatalf("closes %v", b.Stats().Closes)
		}
	})
}

// TestLargeEventPasses: 5 MB, to a client that takes 600 kB a second.
func TestLargeEventPasses(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		c.stop()
		b.publish("T", 1, false, strings.Repeat("x", 5_000_000))
		b.publish("T", 1, false, "after")
		for range 12 {
			c.allow(600_000)
			time.Sleep(time.Second)
		}
		if l := last(t, c); l.data != "after" {
			t.Fatalf("the last message is %.100v; %v", l, b.Stats().Closes)
		}
		// And from the history, before a ring exists.
		late := newConn(0)
		b.join(t, late, session.Request{Tenant: "T", Cursor: feedID + ".0.0"})
		for range 12 {
			late.allow(600_000)
			time.Sleep(time.Second)
		}
		if !strings.Contains(late.text(), "|after\n") {
			t.Fatalf("resuming over a large event fails: %v", b.Stats().Closes)
		}
	})
}

// TestCloseIsNotHeldUpByALargeFrame: a client that takes little of one gets the
// time to close, no more.
func TestCloseIsNotHeldUpByALargeFrame(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		c.stop()
		b.publish("T", 1, false, strings.Repeat("x", 5_000_000))
		synctest.Wait()
		s.Close("x", "")
		for range 7 {
			c.allow(100_000)
			time.Sleep(time.Second)
		}
		if hung, flushed := c.isHung(); !hung || flushed {
			t.Error("not given up")
		}
	})
}

func TestPublishNeverWaitsForClient(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.RingBytes = 1 << 10 }, func(t *testing.T, b *bundle) {
		c := newConn(0)
		b.join(t, c, session.Request{Tenant: "T"})
		start := time.Now()
		for range 1000 {
			b.publish("T", 1, false, strings.Repeat("x", 100))
		}
		if waited := time.Since(start); waited != 0 {
			t.Fatalf("waited %s", waited)
		}
		time.Sleep(16 * time.Second)
		if n := b.Stats().Closes[signal.SlowConsumer]; n != 1 {
			t.Fatalf("closes %v", b.Stats().Closes)
		}
	})
}

// TestBurstLargerThanRing: one batch of many times the ring, to clients that
// read. Nobody is dropped.
func TestBurstLargerThanRing(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.RingBytes = 4 << 10 }, func(t *testing.T, b *bundle) {
		var conns []*conn
		for range 20 {
			c := newConn(unlimited)
			b.join(t, c, session.Request{Tenant: "T"})
			conns = append(conns, c)
		}
		for range 2000 {
			b.history.seal("T", 1, false, strings.Repeat("x", 100))
		}
		b.Publish(b.history.changes["T"], b.history.sequence)
		synctest.Wait()
		for _, c := range conns {
			if n := strings.Count(c.text(), "event|"); n != 2000 {
				t.Fatalf("got %d events; %v", n, b.Stats().Closes)
			}
		}
		if b.history.reads != 0 {
			t.Errorf("%d reads of the history", b.history.reads)
		}
	})
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		silent, alive := newConn(unlimited), newConn(unlimited)
		b.open(t, silent)
		s := b.open(t, alive)
		for range 10 {
			time.Sleep(10 * time.Second)
			s.Alive()
		}
		synctest.Wait()
		if n := strings.Count(alive.text(), "ping|"); n < 3 || n > 5 {
			t.Errorf("%d pings in 100 s", n)
		}
		if hung, flushed := alive.isHung(); hung || flushed {
			t.Error("the client that answers was ended")
		}
		if l := last(t, silent); l.kind != "close" || l.name != "no-pong" {
			t.Errorf("the last message is %v", l)
		}
	})
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		s := b.open(t, c)
		now := time.Now()
		s.Deadline(now.Add(15*time.Second), now.Add(5*time.Second), "token-expired")
		time.Sleep(7 * time.Second)
		if l := last(t, c); l.kind != "expiring" {
			t.Fatalf("the last message is %v", l)
		}
		s.Deadline(now.Add(35*time.Second), now.Add(25*time.Second), "token-expired") // a fresh one
		time.Sleep(15 * time.Second)
		if hung, _ := c.isHung(); hung {
			t.Fatal("ended at the deadline that was replaced")
		}
		time.Sleep(15 * time.Second)
		if l := last(t, c); l.kind != "close" || l.name != "token-expired" {
			t.Fatalf("the last message is %v", l)
		}
		if n := strings.Count(c.text(), "expiring|"); n != 2 {
			t.Errorf("%d warnings", n)
		}
	})
}

func TestProgress(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.PingInterval = time.Hour }, func(t *testing.T, b *bundle) {
		all, some := newConn(unlimited), newConn(unlimited)
		b.join(t, all, session.Request{Tenant: "T"})
		b.join(t, some, session.Request{Tenant: "T", Admit: func(string) bool { return false }})
		time.Sleep(3 * time.Second)
		b.publish("T", 1, false, "")
		time.Sleep(10 * time.Second)
		is(t, some, "joined 0.0, progress 1.rz")
		is(t, all, "joined 0.0, event e0@1.rz")
		// A change without events moves everybody.
		b.publish("T", 0, false, "")
		time.Sleep(10 * time.Second)
		is(t, all, "joined 0.0, event e0@1.rz, progress 2.s6")
		is(t, some, "joined 0.0, progress 1.rz, progress 2.s6")
		// Idle.
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := strings.Count(some.text(), "progress|"); n != 3 {
			t.Errorf("%d messages of progress: %s", n, kinds(some.lines(t)))
		}
	})
}

func TestDrain(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c, blocked := newConn(unlimited), newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		b.join(t, blocked, session.Request{Tenant: "T"})
		blocked.stop()
		b.publish("T", 1, false, "")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := b.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("drain past a blocked client: %v", err)
		}
		l := last(t, c)
		if l.kind != "close" || l.name != "shutdown" || !strings.HasPrefix(l.data, "retry=") || !strings.HasSuffix(l.data, "ms") {
			t.Errorf("the last message is %v", l)
		}
		if _, err := b.Open(session.Peer{Conn: newConn(0)}); !errors.Is(err, session.ErrDraining) {
			t.Errorf("open while draining: %v", err)
		}
		if err := b.Drain(t.Context()); err != nil {
			t.Errorf("drain: %v", err)
		}
		if n := b.Stats().Closes[signal.Shutdown]; n != 2 {
			t.Errorf("closes %v", b.Stats().Closes)
		}
	})
}

// TestRunEndsEverything, clients that do not read included.
func TestRunEndsEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, nil)
		blocked, waiting := newConn(unlimited), newConn(unlimited)
		b.join(t, blocked, session.Request{Tenant: "T"})
		blocked.stop()
		b.publish("T", 1, false, strings.Repeat("x", 100_000))
		b.Live(false)
		b.join(t, waiting, session.Request{Tenant: "U"})
		start := time.Now()
		b.stop()
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %s", took)
		}
		if l := last(t, waiting); l.kind != "close" || l.name != "shutdown" {
			t.Errorf("the last message is %v", l)
		}
		if hung, flushed := blocked.isHung(); !hung || flushed {
			t.Error("the blocked client is not hung up")
		}
		b.publish("T", 1, false, "") // does no harm
	})
}

// TestHangupHappensOnce, however a session ends.
func TestHangupHappensOnce(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		for name, end := range map[string]func(*conn, *session.Session){
			"close twice": func(_ *conn, s *session.Session) { s.Close("x", ""); s.Close("y", "") },
			"cut":         func(c *conn, s *session.Session) { c.cut(); b.publish("T", 1, false, ""); s.Close("x", "") },
			"cut while blocked": func(c *conn, s *session.Session) {
				c.stop()
				b.publish("T", 1, false, "")
				synctest.Wait()
				c.cut()
				synctest.Wait()
				s.Close("x", "")
			},
			"close while blocked": func(c *conn, s *session.Session) {
				c.stop()
				b.publish("T", 1, false, "")
				synctest.Wait()
				s.Close("x", "")
				c.allow(unlimited)
			},
		} {
			c := newConn(unlimited)
			s := b.join(t, c, session.Request{Tenant: "T"})
			end(c, s)
			s.Send([]byte("late\n"))
			time.Sleep(6 * time.Second)
			synctest.Wait()
			if c.hangups != 1 || strings.Contains(c.text(), "late") {
				t.Errorf("%s: %d hangups, %q", name, c.hangups, c.text())
			}
		}
		if s := b.Stats(); s.Sessions != 0 || s.Subscriptions != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}
