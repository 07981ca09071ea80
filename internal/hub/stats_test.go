package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/hub/stream"
)

// TestFiguresAreSplit counts events by name, sessions by transport and tenants by
// their sessions, and times each pass by the oldest change of it.
func TestFiguresAreSplit(t *testing.T) {
	t.Parallel()
	var ages []time.Duration
	bubble(t, func(o *room.Options) { o.Delivered = func(age time.Duration) { ages = append(ages, age) } }, func(t *testing.T, b *bundle) {
		b.join(t, newConn(unlimited), session.Request{Tenant: "T"})
		b.join(t, newConn(unlimited), session.Request{Tenant: "U"})
		other, err := b.Open(session.Peer{Conn: newConn(unlimited), Encoder: encoder{"other"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Join(session.Request{Tenant: "U", Encoder: encoder{"other"}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		age := func(c feed.Change, age time.Duration) feed.Change {
			c.At = time.Now().Add(-age)
			return c
		}
		b.Publish([]feed.Change{
			age(b.history.seal("T", 2, false, "x"), 3*time.Second), age(b.history.seal("T", 1, false, "x"), time.Second),
		}, b.history.sequence)
		synctest.Wait()
		if len(ages) != 1 || ages[0] != 3*time.Second {
			t.Errorf("the pass was %v late", ages)
		}
		s := b.Stats()
		if s.Names["e0"] != 2 || s.Names["e1"] != 1 || len(s.Names) != 2 || len(s.Transports) != 2 || s.Transports[""] != 2 || s.Transports["other"] != 1 {
			t.Errorf("%+v", s)
		}
		list, all := b.Tenants(1)
		if all != 2 || len(list) != 1 || list[0].Name != "U" || list[0].Followers != 2 {
			t.Errorf("%+v of %d", list, all)
		}
		if list, _ := b.Tenants(10); list[1] != (stream.TenantStats{Name: "T", Followers: 1, Events: 3, Position: 2}) {
			t.Errorf("%+v", list)
		}
		other.Close(signal.Gone, "")
		synctest.Wait()
		if s := b.Stats(); s.Transports["other"] != 0 || s.Sessions != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// Names are bounded, whatever tables are watched.
func TestNamesAreBounded(t *testing.T) {
	t.Parallel()
	names := func(dst []feed.Event, c *feed.Change) []feed.Event {
		for i := range 300 {
			dst = append(dst, feed.Event{Name: fmt.Sprintf("t%d:created", i), Tenant: c.Tenant, Position: c.Position, Data: c.After})
		}
		return dst
	}
	bubble(t, func(o *room.Options) { o.Map = names }, func(t *testing.T, b *bundle) {
		b.join(t, newConn(unlimited), session.Request{Tenant: "T"})
		b.publish("T", 1, false, "x")
		synctest.Wait()
		if s := b.Stats(); len(s.Names) != 257 || s.Names["other"] != 44 {
			t.Errorf("%d names, %d others", len(s.Names), s.Names["other"])
		}
	})
}

// BenchmarkFiguresOfAPass is what a change costs on its way to one client, with and
// without being timed.
func BenchmarkFiguresOfAPass(b *testing.B) {
	for name, observe := range map[string]func(time.Duration){"timed": func(time.Duration) {}, "plain": nil} {
		b.Run(name, func(b *testing.B) {
			h := setup(b, func(o *room.Options) { o.Delivered = observe })
			defer h.stop()
			s := h.open(b, newConn(unlimited))
			if err := s.Join(session.Request{Tenant: "T"}); err != nil {
				b.Fatal(err)
			}
			for h.Stats().Subscriptions == 0 {
				time.Sleep(time.Millisecond)
			}
			c := h.history.seal("T", 1, false, "data")
			b.ReportAllocs()
			for b.Loop() {
				c.From++
				c.Position++
				c.At = time.Now()
				h.Publish([]feed.Change{c}, c.Position)
			}
		})
	}
}
