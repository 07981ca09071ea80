package hub_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
)

// TestSpliceRaces: clients join, resume and leave while changes pour in and the
// ring is small, so that every splice of history, ring and live events happens
// against a moving end.
func TestSpliceRaces(t *testing.T) {
	t.Parallel()
	for _, ringBytes := range []int{1 << 10, 16 << 10, 8 << 20} {
		t.Run(fmt.Sprint(ringBytes), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(o *room.Options) { o.RingBytes, o.PageSize = ringBytes, 7 }, func(t *testing.T, b *bundle) {
				m := &model{events: map[string][]event{}}
				var sealed []feed.Change
				for i := range 1500 {
					c := b.history.seal("T", i%4, i%3 == 0, "some data of the change")
					sealed = append(sealed, c)
					m.add(&c, content{}, content{})
				}
				var clients []*client
				for i := range 8 {
					c := &client{conn: newConn(unlimited)}
					c.conn.slowOnly = i%2 == 0 // these fall off the smaller rings
					if i%4 == 3 {
						c.admit = func(name string) bool { return name != "e0" }
					}
					c.session = b.open(t, c.conn)
					clients = append(clients, c)
				}
				var all sync.WaitGroup
				all.Go(func() {
					for rest := sealed; len(rest) > 0; {
						n := min(1+rand.IntN(20), len(rest))
						b.Publish(rest[:n], b.history.sequenceOf("T", rest[n-1].Position))
						rest = rest[n:]
					}
				})
				for i, c := range clients {
					all.Go(func() {
						for n := range 4000 { // as if outages began and ended
							c.session.Stale()
							c.session.Fresh(time.Duration(n))
						}
					})
					all.Go(func() {
						for range 40 {
							q := session.Request{Tenant: "T", Admit: c.admit}
							if rand.IntN(4) > 0 {
								events := m.events["T"]
								q.Cursor = events[rand.IntN(len(events))].Cursor.String()
							}
							if err := c.session.Join(q); err != nil {
								t.Error(err)
							}
							if i%3 == 0 && rand.IntN(5) == 0 {
								c.session.Leave("T")
							}
						}
					})
				}
				all.Wait()
				synctest.Wait()
				for _, c := range clients {
					if hung, _ := c.conn.isHung(); hung {
						t.Errorf("ended: %v", b.Stats().Closes)
					}
					c.check(t, t, m, true)
				}
			})
		})
	}
}

// TestReconnectStorm: all clients are cut, and are served from the ring when
// they come back.
func TestReconnectStorm(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		cursors := make([]string, 300)
		var sessions []*session.Session
		for range cursors {
			sessions = append(sessions, b.join(t, newConn(unlimited), session.Request{Tenant: "T"}))
		}
		for i := range cursors {
			cursors[i] = at(b.publish("T", 1, false, ""))
		}
		for _, s := range sessions {
			s.Close(signal.Gone, "")
		}
		b.publish("T", 1, false, "while they are away")
		for i, cursor := range cursors {
			c := newConn(unlimited)
			b.join(t, c, session.Request{Tenant: "T", Cursor: cursor, Admit: func(name string) bool { return name == "e0" }})
			if n := len(c.lines(t)); n != 1+len(cursors)-i {
				t.Fatalf("client %d got %d messages", i, n)
			}
		}
		if b.history.reads != 0 {
			t.Errorf("%d reads of the history", b.history.reads)
		}
	})
}
