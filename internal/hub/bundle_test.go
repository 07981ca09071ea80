package hub_test

import (
	"testing"
	"testing/synctest"

	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/servetest"
)

// bundle is a hub that runs, and its history.
type bundle struct {
	*hub.Hub
	history *history
	stop    func()
}

// fatal is what testing.T and rapid.T have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// setup starts a hub in the current bubble. The caller has to stop it.
func setup(t fatal, change func(*room.Options)) *bundle {
	t.Helper()
	h := newHistory()
	o := room.Options{
		History: h, Map: mapChange, Encoders: []signal.Encoder{encoder{}, encoder{"other"}},
		DashboardReason: dashboardReason, DashboardReasons: dashboardReasons, DashboardEvent: dashboardEvent,
	}
	if change != nil {
		change(&o)
	}
	b, err := hub.New(o)
	if err != nil {
		t.Fatal(err)
	}
	stop := servetest.Run(b)
	return &bundle{b, h, func() {
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}}
}

// bubble runs a test with a hub in a bubble of fake time.
func bubble(t *testing.T, change func(*room.Options), f func(t *testing.T, b *bundle)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, change)
		defer b.stop()
		f(t, b)
	})
}

// publish seals one change and publishes it.
func (b *bundle) publish(tenant string, events int, dashboard bool, data string) feed.Change {
	c := b.history.seal(tenant, events, dashboard, data)
	b.Publish([]feed.Change{c}, b.history.sequence)
	return c
}

// open opens a session over c.
func (b *bundle) open(t fatal, c *conn) *session.Session {
	t.Helper()
	s, err := b.Open(session.Peer{Conn: c})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// join opens a session that joins a tenant, and waits until all is quiet.
func (b *bundle) join(t fatal, c *conn, q session.Request) *session.Session {
	t.Helper()
	s := b.open(t, c)
	if err := s.Join(q); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return s
}
