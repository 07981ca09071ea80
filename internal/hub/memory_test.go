package hub_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
)

// TestBusyTenantsShareTheBudget: the rings of many busy tenants stay within the
// budget, and everybody receives everything, from a full connection as well. Quiet
// tenants keep all that they have.
func TestBusyTenantsShareTheBudget(t *testing.T) {
	t.Parallel()
	const busy, quiet, rounds, size, budget = 100, 20, 200, 1000, 2 << 20
	bubble(t, func(o *room.Options) { o.RingMemory, o.PingInterval = budget, time.Hour }, func(t *testing.T, b *bundle) {
		m := &model{events: map[string][]event{}}
		var clients []*client
		var slow []*conn
		follow := func(tenant string, of signal.Encoder) {
			c := &client{conn: newConn(unlimited)}
			var err error
			if c.session, err = b.Open(session.Peer{Conn: c.conn, Encoder: of}); err != nil {
				t.Fatal(err)
			}
			if err := c.session.Join(session.Request{Tenant: tenant, Encoder: of}); err != nil {
				t.Fatal(err)
			}
			clients = append(clients, c)
			if len(clients)%5 == 0 && tenant[0] == 'b' {
				slow = append(slow, c.conn)
			}
		}
		for i := range busy {
			follow(fmt.Sprintf("b%d", i), encoder{})
			if i%3 == 0 {
				follow(fmt.Sprintf("b%d", i), encoder{"other"})
			}
		}
		for i := range quiet {
			follow(fmt.Sprintf("q%d", i), encoder{})
		}
		synctest.Wait()
		for i := range quiet {
			b.burst(m, fmt.Sprintf("q%d", i), 3, 1, strings.Repeat("x", size))
		}
		for _, c := range slow {
			c.stop()
		}
		highest := int64(0)
		for range rounds {
			for i := range busy {
				b.burst(m, fmt.Sprintf("b%d", i), 1, 1, strings.Repeat("x", size))
				highest = max(highest, b.Stats().RingMemory)
			}
			for _, c := range slow {
				c.allow(size / 2)
			}
			time.Sleep(time.Second / 10)
		}
		for _, c := range slow {
			c.allow(unlimited)
		}
		synctest.Wait()
		for _, c := range clients {
			c.check(t, t, m, true)
		}
		s := b.Stats()
		if highest > budget+budget/8 || s.RingMemory > budget || s.RingBudget != budget || len(s.Closes) > 0 {
			t.Errorf("%d bytes at most, %d at last, the budget is %d; %v", highest, s.RingMemory, budget, s.Closes)
		}
		if s.RingMemory < budget/2 {
			t.Errorf("only %d bytes of the budget are used", s.RingMemory)
		}
		if s.HistoryReads == 0 {
			t.Error("nobody was overrun")
		}
		for i := range quiet {
			tenant := fmt.Sprintf("q%d", i)
			c := newConn(unlimited)
			b.join(t, c, session.Request{Tenant: tenant, Cursor: at(b.history.changes[tenant][0])})
			if n := strings.Count(c.text(), "|e0|"); n != 2 {
				t.Errorf("a client of the quiet tenant %s got %d events", tenant, n)
			}
		}
		if n := b.Stats().HistoryReads; n != s.HistoryReads {
			t.Errorf("quiet tenants have lost their rings: %d reads", n-s.HistoryReads)
		}
	})
}

// TestShareGrowsAgain: when others have left, a tenant may have as much as one
// that was alone all the time, and what was used is given back.
func TestShareGrowsAgain(t *testing.T) {
	t.Parallel()
	const budget = 1 << 20
	bubble(t, func(o *room.Options) { o.RingMemory, o.RingBytes, o.PingInterval = budget, 512<<10, time.Hour }, func(t *testing.T, b *bundle) {
		var others []*session.Session
		for i := range 50 {
			tenant := fmt.Sprint(i)
			others = append(others, b.join(t, newConn(unlimited), session.Request{Tenant: tenant}))
			b.burst(nil, tenant, 100, 1, strings.Repeat("x", 1000))
		}
		synctest.Wait()
		if used := b.Stats().RingMemory; used < budget/2 || used > budget {
			t.Errorf("%d of %d bytes are used", used, budget)
		}
		for _, s := range others {
			s.Close(signal.Gone, "")
		}
		time.Sleep(3 * time.Minute)
		if used := b.Stats().RingMemory; used != 0 {
			t.Errorf("%d bytes are used for nobody", used)
		}
		b.join(t, newConn(unlimited), session.Request{Tenant: "T"})
		b.burst(nil, "T", 1000, 1, strings.Repeat("x", 1000))
		synctest.Wait()
		if used := b.Stats().RingMemory; used < 400<<10 {
			t.Errorf("the only tenant has %d bytes", used)
		}
	})
}

// endless is a history in which each tenant has had any number of changes, all
// with the same row.
type endless struct {
	row  []byte
	head []atomic.Int64
}

func (e *endless) change(tenant string, position int64) feed.Change {
	return feed.Change{Epoch: feedID, Tenant: tenant, From: position, Position: position, Nonce: position, Name: "1", After: e.row}
}

func (e *endless) of(tenant string) *atomic.Int64 {
	var i int
	_, _ = fmt.Sscan(tenant, &i)
	return &e.head[i]
}

func (e *endless) Head(_ context.Context, tenant string, _ int64) (feed.Head, error) {
	p := e.of(tenant).Load()
	return feed.Head{Epoch: feedID, Position: p, Nonce: p}, nil
}

func (e *endless) After(_ context.Context, tenant string, c feed.Cursor, limit int) (page feed.Page, err error) {
	for p := c.Position + 1; p <= e.of(tenant).Load() && len(page.Changes) < limit; p++ {
		page.Changes = append(page.Changes, e.change(tenant, p))
	}
	return page, nil
}

// counter is a connection that takes everything, and counts it.
type counter struct {
	*conn
	events *atomic.Int64
}

func (c *counter) TryWrite(b []byte) (int, error) {
	c.events.Add(int64(strings.Count(string(b), "event|")))
	return len(b), nil
}

// BenchmarkBusyTenants is 2,000 tenants with a client each, of which each gets
// 500 changes of 1 kB: 1.1 GB of frames, with the default budget. It reports the
// memory of the rings, of all that is alive, and of the process, which depends on
// GOGC and GOMEMLIMIT.
func BenchmarkBusyTenants(b *testing.B) {
	const tenants, changes = 2000, 500
	e := &endless{row: []byte(strings.Repeat("x", 1000)), head: make([]atomic.Int64, tenants)}
	h := setup(b, func(o *room.Options) {
		o.History, o.DashboardReason, o.DashboardReasons, o.DashboardEvent, o.PingInterval = e, nil, nil, nil, time.Hour
	})
	defer h.stop()
	var events atomic.Int64
	for i := range tenants {
		s, err := h.Open(session.Peer{Conn: &counter{newConn(unlimited), &events}})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Join(session.Request{Tenant: fmt.Sprint(i)}); err != nil {
			b.Fatal(err)
		}
	}
	for h.Stats().Subscriptions < tenants {
		time.Sleep(time.Millisecond)
	}
	for b.Loop() {
		rings, heap := int64(0), uint64(0)
		before := events.Load()
		for round := range changes {
			for i := range tenants {
				p := e.head[i].Add(1)
				h.Publish([]feed.Change{e.change(fmt.Sprint(i), p)}, p)
			}
			if rings = max(rings, h.Stats().RingMemory); round%50 == 49 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = max(heap, m.Sys-m.HeapReleased)
			}
		}
		for events.Load()-before < tenants*changes {
			time.Sleep(time.Millisecond)
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(rings)/(1<<20), "ring-MiB")
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "live-MiB")
		b.ReportMetric(float64(heap)/(1<<20), "process-MiB")
	}
}
