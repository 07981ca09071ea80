package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
)

// burst seals changes of a tenant and publishes them in batches.
func (b *bundle) burst(m *model, tenant string, count, events int, data string) {
	var batch []feed.Change
	for i := range count {
		c := b.history.seal(tenant, events, i%3 == 0, data)
		if m != nil {
			m.add(&c, content{}, content{})
		}
		batch = append(batch, c)
	}
	for sequence := b.history.sequence - int64(count); len(batch) > 0; {
		n := min(len(batch), 16)
		sequence += int64(n)
		b.Publish(batch[:n], sequence)
		batch = batch[n:]
	}
}

// everyTenth lets 100 ms pass with so many bytes for each, until done.
func everyTenth(bytes int, conns []*conn, done func() bool) {
	for range 10_000 {
		if done() {
			return
		}
		for _, c := range conns {
			c.allow(bytes)
		}
		time.Sleep(time.Second / 10)
	}
}

// TestOverrunClientCatchesUp: one statement of many times the ring, to clients
// that take 1 MB a second, filtered or not, over connections that can be tried or
// not, beside fast ones. Everybody gets exactly everything, and the fast ones do
// not wait.
func TestOverrunClientCatchesUp(t *testing.T) {
	t.Parallel()
	for _, size := range []int{100, 12_000, 60_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(o *room.Options) { o.RingBytes = 64 << 10 }, func(t *testing.T, b *bundle) {
				m := &model{events: map[string][]event{}}
				var clients []*client
				var slow []*conn
				for i := range 8 {
					c := &client{conn: newConn(unlimited)}
					c.conn.slowOnly = i%2 == 1
					if i%4 > 1 {
						c.admit = func(name string) bool { return name == "e1" || name == "stats" }
					}
					c.session = b.open(t, c.conn)
					if err := c.session.Join(session.Request{Tenant: "T", Admit: c.admit}); err != nil {
						t.Fatal(err)
					}
					clients = append(clients, c)
				}
				synctest.Wait()
				for _, c := range clients[:4] {
					c.conn.stop()
					slow = append(slow, c.conn)
				}
				start := time.Now()
				b.burst(m, "T", min(300, 3_600_000/size), 2, strings.Repeat("x", size))
				synctest.Wait()
				for _, c := range clients[4:] {
					c.check(t, t, m, true)
				}
				if waited := time.Since(start); waited > 0 {
					t.Errorf("the fast clients waited %s", waited)
				}
				everyTenth(100_000, slow, func() bool { return b.Stats().Blocked == 0 })
				for _, c := range clients {
					c.check(t, t, m, true)
				}
				s := b.Stats()
				if s.HistoryReads == 0 || s.Sessions != 8 || s.Subscriptions != 8 || s.Resets != 0 || len(s.Closes) > 0 {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

// TestOverrunCrowdSharesPages: each is overrun at a position of its own.
func TestOverrunCrowdSharesPages(t *testing.T) {
	t.Parallel()
	const clients, changes, pageSize = 40, 800, 50
	bubble(t, func(o *room.Options) { o.RingBytes, o.PageSize = 32<<10, pageSize }, func(t *testing.T, b *bundle) {
		m := &model{events: map[string][]event{}}
		var conns []*conn
		var all []*client
		for i := range clients {
			c := &client{conn: newConn(unlimited)}
			c.session = b.join(t, c.conn, session.Request{Tenant: "T"})
			c.conn.stop()
			c.conn.allow(777 * i)
			conns, all = append(conns, c.conn), append(all, c)
		}
		b.burst(m, "T", changes, 1, strings.Repeat("x", 1000))
		everyTenth(100_000, conns, func() bool { return b.Stats().Blocked == 0 })
		for _, c := range all {
			c.check(t, t, m, true)
		}
		t.Logf("%d reads of the history", b.Stats().HistoryReads)
		if want := int64(3*changes/pageSize + clients); b.Stats().HistoryReads > want {
			t.Errorf("%d reads of the history; want less than %d", b.Stats().HistoryReads, want)
		}
	})
}

// TestOneTenantAtATime: a session that is overrun in all its tenants reads the
// history of one, and nothing while its client takes nothing.
func TestOneTenantAtATime(t *testing.T) {
	t.Parallel()
	const tenants = 20
	bubble(t, func(o *room.Options) { o.RingBytes = 4 << 10 }, func(t *testing.T, b *bundle) {
		m := &model{events: map[string][]event{}}
		c := &client{conn: newConn(unlimited)}
		c.session = b.open(t, c.conn)
		for i := range tenants {
			if err := c.session.Join(session.Request{Tenant: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		c.conn.stop()
		for i := range tenants {
			b.burst(m, fmt.Sprint(i), 50, 1, strings.Repeat("x", 10_000))
		}
		c.conn.allow(100_000)
		synctest.Wait()
		if n := b.Stats().HistoryReads; n > 2 {
			t.Errorf("%d pages are read for a client that takes nothing", n)
		}
		everyTenth(1_000_000, []*conn{c.conn}, func() bool { return b.Stats().Blocked == 0 })
		c.check(t, t, m, true)
	})
}

// TestCatchUpLeavesRoomForOthers: a client that catches up with one tenant gets
// what is new of another one meanwhile.
func TestCatchUpLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.RingBytes = 64 << 10 }, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		if err := s.Join(session.Request{Tenant: "U"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c.stop()
		b.burst(nil, "T", 1000, 1, strings.Repeat("x", 10_000))
		for range 5 { // of the first MB
			c.allow(200_000)
			time.Sleep(time.Second)
		}
		b.publish("U", 1, false, "urgent")
		for range 5 {
			c.allow(200_000)
			time.Sleep(time.Second)
		}
		if text := c.text(); !strings.Contains(text, "|urgent\n") || strings.Count(text, "event|T") > 300 {
			t.Errorf("the other tenant waits while %d events are caught up", strings.Count(text, "event|T"))
		}
	})
}

// TestOverrunClientJoinsAgain where it is, although that is no longer in the
// ring.
func TestOverrunClientJoinsAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.RingBytes = 4 << 10 }, func(t *testing.T, b *bundle) {
		m := &model{events: map[string][]event{}}
		c := &client{conn: newConn(unlimited)}
		c.session = b.join(t, c.conn, session.Request{Tenant: "T"})
		b.burst(m, "T", 10, 2, "before")
		synctest.Wait()
		c.conn.stop()
		for range 5 {
			b.burst(m, "T", 20, 2, strings.Repeat("x", 1000))
			if err := c.session.Join(session.Request{Tenant: "T"}); err != nil {
				t.Fatal(err)
			}
			c.conn.allow(7000)
			synctest.Wait()
		}
		c.conn.allow(unlimited)
		synctest.Wait()
		c.check(t, t, m, true)
		if n := len(m.events["T"]); strings.Count(c.conn.text(), "event|") < n || b.Stats().Subscriptions != 1 {
			t.Errorf("%d events, %+v", n, b.Stats())
		}
	})
}

// TestOverrunPastRetention: what was overrun and is pruned meanwhile is told as
// reset, once.
func TestOverrunPastRetention(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.RingBytes, o.PageSize = 4<<10, 10 }, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		c.stop()
		for range 100 {
			b.publish("T", 1, false, strings.Repeat("x", 1000))
		}
		synctest.Wait()
		b.history.mu.Lock()
		b.history.floor["T"] = 90
		b.history.mu.Unlock()
		c.allow(unlimited)
		synctest.Wait()
		head := at(b.history.changes["T"][99])
		if l := last(t, c); l.kind != "reset" || l.name != "expired" || l.cursor != head {
			t.Fatalf("the last message is %v", l)
		}
		next := b.publish("T", 1, false, "after")
		if l := last(t, c); l.data != "after" || l.cursor != at(next) {
			t.Fatalf("the last message is %v", l)
		}
		if n := b.Stats().Resets; n != 1 {
			t.Errorf("%d resets", n)
		}
	})
}

// TestForgetfulClientIsSentAReset: one that keeps no cursor cannot continue
// after it was sent away.
func TestForgetfulClientIsSentAReset(t *testing.T) {
	t.Parallel()
	for _, forgets := range []bool{true, false} {
		bubble(t, nil, func(t *testing.T, b *bundle) {
			c := newConn(unlimited)
			b.join(t, c, session.Request{Tenant: "T", Forgets: forgets})
			c.stop()
			b.burst(nil, "T", 1000, 1, strings.Repeat("x", 1000))
			time.Sleep(12 * time.Second)
			c.allow(unlimited)
			synctest.Wait()
			lines := c.lines(t)
			reset := lines[len(lines)-2].kind == "reset" && lines[len(lines)-2].name == "expired"
			if l := lines[len(lines)-1]; reset != forgets || l.kind != "close" || l.name != "slow-consumer" {
				t.Errorf("forgets %t: the last messages are %v", forgets, lines[len(lines)-2:])
			}
		})
	}
}

// TestSlowReaderMayAnswerLate: the ping is behind all that a slow client has yet
// to read, here or in a buffer between. One that neither reads nor answers is
// gone.
func TestSlowReaderMayAnswerLate(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		c.queued = 10_000_000
		b.join(t, c, session.Request{Tenant: "T"})
		c.stop()
		b.burst(nil, "T", 1000, 1, strings.Repeat("x", 1000))
		for strings.Count(c.text(), "|e0|") < 1000 && b.Stats().Sessions > 0 { // at 6 KB/s
			time.Sleep(time.Second)
			c.allow(6000)
		}
		c.allow(unlimited)
		for range 200 {
			time.Sleep(time.Second)
			c.mu.Lock()
			c.queued -= 6000
			c.mu.Unlock()
		}
		if n := strings.Count(c.text(), "|e0|"); n != 1000 || len(b.Stats().Closes) > 0 {
			t.Fatalf("got %d events, %v", n, b.Stats().Closes)
		}
		time.Sleep(2 * time.Minute)
		if n := b.Stats().Closes[signal.NoPong]; n != 1 {
			t.Errorf("closes %v", b.Stats().Closes)
		}
	})
}

// TestReaderOfAFullBufferStays: the buffers between may have no room for long,
// although the client reads; when it no longer does, it is ended.
func TestReaderOfAFullBufferStays(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.PingInterval = time.Hour }, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		c.queued = 1000
		b.join(t, c, session.Request{Tenant: "T"})
		c.stop()
		b.publish("T", 1, false, "x")
		for range 120 {
			time.Sleep(time.Second)
			c.mu.Lock()
			c.queued -= 5
			c.mu.Unlock()
		}
		if n := b.Stats().Subscriptions; n != 1 {
			t.Fatalf("ended: %v", b.Stats().Closes)
		}
		time.Sleep(30 * time.Second)
		if n := b.Stats().Closes[signal.SlowConsumer]; n != 1 {
			t.Fatalf("closes %v", b.Stats().Closes)
		}
	})
}

// TestWhatIsForOthersIsNotRepeated: a connection blocks when the ring has dropped rows that
// were for somebody else. The client goes on behind them, and receives nothing twice.
func TestWhatIsForOthersIsNotRepeated(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.RingBytes = 4 << 10 }, func(t *testing.T, b *bundle) {
		b.history.audience = feed.Audience{Column: "reader", Type: "text"}
		m, c := &model{events: map[string][]event{}}, &client{conn: newConn(unlimited), wish: wish{subject: "bob"}}
		c.session = b.join(t, c.conn, session.Request{Tenant: "T", Subjects: subjects("bob")})
		write := func(reader string) {
			row := content{1, reader}
			made := b.publish("T", 1, false, write(row, strings.Repeat("x", 100)))
			m.add(&made, content{}, row)
			synctest.Wait()
		}
		for range 3 {
			write("bob")
			for range 100 {
				write("ann")
			}
			c.conn.stop()
			c.session.Send([]byte("pong||||\n"))
			synctest.Wait()
			c.conn.allow(unlimited)
			synctest.Wait()
			write("bob")
			c.check(t, t, m, true)
		}
	})
}
