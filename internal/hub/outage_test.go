package hub_test

import (
	"sync/atomic"
	"testing"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// TestOutageIsReported has the tail go away for a short and for a long time, under
// clients that follow, that are blocked, that filter and that have not joined.
func TestOutageIsReported(t *testing.T) {
	t.Parallel()
	var checked atomic.Int64
	change := func(o *room.Options) {
		o.PingInterval = time.Hour
		o.Checked = func() time.Time { return time.Unix(0, checked.Load()) }
		checked.Store(time.Now().UnixNano())
	}
	bubble(t, change, func(t *testing.T, b *bundle) {
		// goes lets time pass while the tail has everything.
		goes := func(seconds int) {
			for range seconds {
				checked.Store(time.Now().UnixNano())
				time.Sleep(time.Second)
			}
		}
		c, blocked, quiet, other := newConn(unlimited), newConn(unlimited), newConn(unlimited), newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		if err := s.Join(session.Request{Tenant: "U"}); err != nil {
			t.Fatal(err)
		}
		b.join(t, blocked, session.Request{Tenant: "T"})
		b.join(t, quiet, session.Request{Tenant: "T", Admit: func(string) bool { return false }})
		b.open(t, other)
		b.publish("T", 1, false, "")
		is(t, c, "joined 0.0, joined 0.0, event e0@1.rz")

		goes(1)
		b.Live(false)
		time.Sleep(3 * time.Second)
		b.Live(true)
		goes(6)
		is(t, c, "joined 0.0, joined 0.0, event e0@1.rz")

		// The tail need not have noticed yet.
		time.Sleep(5 * time.Second)
		is(t, c, "joined 0.0, joined 0.0, event e0@1.rz, stale !")
		b.Live(false)
		late := b.open(t, newConn(unlimited))
		if err := late.Join(session.Request{Tenant: "T"}); err != nil { // waits
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		is(t, c, "joined 0.0, joined 0.0, event e0@1.rz, stale !")
		is(t, quiet, "joined 0.0, progress 1.rz, stale !")
		is(t, other, "")
		blocked.stop()
		b.publish("T", 1, false, "")
		b.Live(true)
		goes(1)
		blocked.allow(unlimited)
		is(t, c, "joined 0.0, joined 0.0, event e0@1.rz, stale !, event e0@2.s6, progress 2.s6, progress 0.0")
		is(t, blocked, "joined 0.0, event e0@1.rz, stale !, event e0@2.s6, progress 2.s6")
		is(t, quiet, "joined 0.0, progress 1.rz, stale !, progress 2.s6")
		is(t, other, "")

		// The next outage is told again. One that ends with a reset tells that.
		b.Live(false)
		time.Sleep(6 * time.Second)
		b.Reset(feed.ErrDiverged)
		b.Publish(nil, b.history.sequence)
		b.history.gate = make(chan struct{})
		b.Live(true)
		goes(1)
		is(t, blocked, "joined 0.0, event e0@1.rz, stale !, event e0@2.s6, progress 2.s6, stale !")
		close(b.history.gate)
		is(t, blocked, "joined 0.0, event e0@1.rz, stale !, event e0@2.s6, progress 2.s6, stale !, reset diverged@2.s6")
	})
}
