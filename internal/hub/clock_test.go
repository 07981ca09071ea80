package hub_test

import (
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// monotonic is a clock that the test moves, apart from time.Now, which so is a
// clock on the wall that steps.
type monotonic struct{ atomic.Int64 }

func (m *monotonic) elapsed() time.Duration { return time.Duration(m.Load()) }

// pass lets time pass on a wall clock that goes right.
func (m *monotonic) pass(d time.Duration) {
	for ; d > 0; d -= time.Second {
		m.Add(int64(min(d, time.Second)))
		time.Sleep(min(d, time.Second))
	}
	time.Sleep(time.Second) // so that everybody is looked at
	synctest.Wait()
}

// stepped runs a test with a hub whose clock is moved by the test.
func stepped(t *testing.T, f func(t *testing.T, b *bundle, m *monotonic)) {
	t.Helper()
	m := &monotonic{}
	m.Store(int64(time.Hour)) // it has been running for a while
	bubble(t, func(o *room.Options) { o.Elapsed = m.elapsed }, func(t *testing.T, b *bundle) { f(t, b, m) })
}

// TestClockStepsForward: the clock on the wall jumps over every deadline. Nobody is
// ended, warned or pinged for that, and all of it comes when its time has passed.
func TestClockStepsForward(t *testing.T) {
	t.Parallel()
	stepped(t, func(t *testing.T, b *bundle, m *monotonic) {
		silent, expiring, quiet := newConn(unlimited), newConn(unlimited), newConn(unlimited)
		b.open(t, silent)
		s := b.open(t, expiring)
		s.Deadline(time.Now().Add(20*time.Second), time.Now().Add(10*time.Second), "token-expired")
		b.join(t, quiet, session.Request{Tenant: "T"})
		time.Sleep(2 * time.Hour) // the step
		synctest.Wait()
		is(t, silent, "")
		is(t, expiring, "")
		is(t, quiet, "joined 0.0")
		m.pass(12 * time.Second)
		if l := last(t, expiring); l.kind != "expiring" {
			t.Errorf("the last message before the deadline is %v", l)
		}
		m.pass(10 * time.Second)
		if l := last(t, expiring); l.kind != "close" || l.name != "token-expired" {
			t.Errorf("the last message after the deadline is %v", l)
		}
		if hung, _ := silent.isHung(); hung {
			t.Error("the silent client was ended too early")
		}
		m.pass(25 * time.Second)
		if l := last(t, silent); l.kind != "close" || l.name != "no-pong" || !strings.Contains(silent.text(), "ping|") {
			t.Errorf("the last message to the silent client is %v", l)
		}
	})
}

// TestClockStepsBack: the clock on the wall goes back, and the hub still pings, finds
// the silent, tells cursors and ends sessions in time.
func TestClockStepsBack(t *testing.T) {
	t.Parallel()
	stepped(t, func(t *testing.T, b *bundle, m *monotonic) {
		silent, alive, expiring := newConn(unlimited), newConn(unlimited), newConn(unlimited)
		b.open(t, silent)
		s := b.join(t, alive, session.Request{Tenant: "T"})
		e := b.open(t, expiring)
		e.Deadline(time.Now().Add(time.Hour), time.Time{}, "token-expired")
		time.Sleep(2 * time.Second)
		for range 20 { // 100 s in 20 s by the clock on the wall
			m.Add(int64(5 * time.Second))
			s.Alive()
			e.Alive()
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if l := last(t, silent); l.kind != "close" || l.name != "no-pong" {
			t.Errorf("the last message to the silent client is %v", l)
		}
		if n := strings.Count(alive.text(), "ping|"); n < 3 || n > 5 {
			t.Errorf("%d pings in 100 s", n)
		}
		if n := strings.Count(alive.text(), "progress|"); n != 1 {
			t.Errorf("the cursor was told %d times in 100 s", n)
		}
		m.Add(int64(time.Hour))
		time.Sleep(time.Second)
		if l := last(t, expiring); l.kind != "close" || l.name != "token-expired" {
			t.Errorf("the last message after an hour is %v", l)
		}
	})
}

// TestDeadlineFarAway: one that no clock reaches is never, and one that is over is at
// once.
func TestDeadlineFarAway(t *testing.T) {
	t.Parallel()
	stepped(t, func(t *testing.T, b *bundle, m *monotonic) {
		far, past := newConn(unlimited), newConn(unlimited)
		s := b.open(t, far)
		s.Deadline(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Unix(math.MaxInt32*100, 0), "token-expired")
		b.open(t, past).Deadline(time.Unix(1, 0), time.Time{}, "token-expired")
		time.Sleep(2 * time.Second)
		s.Alive()
		m.pass(30 * time.Second)
		if hung, _ := far.isHung(); hung || strings.Contains(far.text(), "expiring") {
			t.Errorf("a token of the year 9999 is over: %s", far.text())
		}
		if l := last(t, past); l.kind != "close" || l.name != "token-expired" {
			t.Errorf("the last message after the deadline is %v", l)
		}
	})
}
