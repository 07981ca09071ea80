package hub_test

import (
	"testing"
	"testing/synctest"

	"rowcast/internal/feed"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
)

// TestViewsDecideOnce: what clients with a few different filters are to see of a change is
// decided once for each filter, however many clients and encoders there are.
func TestViewsDecideOnce(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		const clients, filters, changes = 1000, 12, 5
		conns := make([]*conn, clients)
		for i := range conns {
			conns[i] = newConn(unlimited)
			s := b.open(t, conns[i])
			q := session.Request{Tenant: "T", See: see(viewOf(t, 1+i%filters))}
			if i/filters%2 == 0 {
				q.Encoder = signal.Encoder(encoder{"other"})
			}
			if err := s.Join(q); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for range changes {
			c := b.history.seal("T", 1, false, write(content{number: 3}, "x"))
			b.Publish([]feed.Change{c}, b.history.sequence)
		}
		synctest.Wait()
		stats := b.Stats()
		if stats.Decisions != filters*changes {
			t.Errorf("%d decisions, want %d", stats.Decisions, filters*changes)
		}
		if want := int64(2*filters-2) * changes; stats.Filtered != want {
			t.Errorf("%d events were not for a view, want %d", stats.Filtered, want)
		}
		for i, c := range conns {
			want := 1 // joined
			if 1+i%filters == 3 {
				want += changes
			}
			if got := len(c.complete(t)); got != want {
				t.Fatalf("client %d has %d messages, want %d", i, got, want)
			}
		}
	})
}
