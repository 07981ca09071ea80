package hub_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// kinds is what lines are, in short.
func kinds(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s ", l.kind)
		switch l.kind {
		case "event", "reset":
			fmt.Fprintf(&b, "%s@", l.name)
		case "left":
			l.cursor = l.tenant
		case "stale":
			l.cursor = "!"
		}
		fmt.Fprintf(&b, "%s, ", strings.TrimPrefix(l.cursor, feedID+"."))
	}
	return strings.TrimSuffix(b.String(), ", ")
}

// is compares what a connection received.
func is(t *testing.T, c *conn, want string) {
	t.Helper()
	synctest.Wait()
	if got := kinds(c.lines(t)); got != want {
		t.Fatalf("received\n  %s\nwant\n  %s", got, want)
	}
}

func at(c feed.Change) string {
	return feed.Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce}.String()
}

func TestJoinWaitsForTail(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		b.Live(false)
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T", RequestID: 7})
		missed := b.publish("T", 1, false, "")
		is(t, c, "")
		b.Live(true)
		is(t, c, "joined "+strings.TrimPrefix(at(missed), feedID+"."))
		if requestID := c.lines(t)[0].name; requestID != "7" {
			t.Errorf("ref is %s", requestID)
		}
	})
}

func TestJoinTwiceContinues(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		one := b.publish("T", 1, false, "")
		is(t, c, "joined 0.0, event e0@1.rz")
		if err := s.Join(session.Request{Tenant: "T"}); err != nil {
			t.Fatal(err)
		}
		is(t, c, "joined 0.0, event e0@1.rz, joined 1.rz, event stats@1.rz")
		// With a cursor the stream starts there again.
		if err := s.Join(session.Request{Tenant: "T", Cursor: feedID + ".0.0"}); err != nil {
			t.Fatal(err)
		}
		is(t, c, "joined 0.0, event e0@1.rz, joined 1.rz, event stats@1.rz, joined 0.0, event e0@1.rz, event stats@1.rz")
		// While the connection is blocked nothing is skipped.
		c.stop()
		two := b.publish("T", 2, false, "")
		synctest.Wait()
		if err := s.Join(session.Request{Tenant: "T"}); err != nil {
			t.Fatal(err)
		}
		c.allow(unlimited)
		synctest.Wait()
		got := c.lines(t)[6:]
		events := 0
		for _, l := range got {
			if l.kind == "event" && l.name != "stats" {
				events++
			}
		}
		if events != 2 || one.Position+1 != two.Position {
			t.Fatalf("received %s", kinds(got))
		}
	})
}

// TestEveryJoinIsAnswered: two requests before the first answer get two.
func TestEveryJoinIsAnswered(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		b.Live(false)
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T", RequestID: 1})
		for requestID := uint64(2); requestID <= 3; requestID++ {
			q := session.Request{Tenant: "T", RequestID: requestID}
			if requestID == 3 {
				q.Cursor = feedID + ".0.0"
			}
			if err := s.Join(q); err != nil {
				t.Fatal(err)
			}
		}
		b.Live(true)
		synctest.Wait()
		var refs []string
		for _, l := range c.lines(t) {
			if l.kind == "joined" {
				refs = append(refs, l.name)
			}
		}
		if got := strings.Join(refs, ","); got != "1,2,3" {
			t.Fatalf("answered %s", got)
		}
	})
}

// TestWaitingJoinsAreBounded: while the tail is away, a client that asks again and
// again is refused at last. What it had asked for is answered.
func TestWaitingJoinsAreBounded(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		b.Live(false)
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		asked := 1
		for ; asked < 10_000; asked++ {
			if err := s.Join(session.Request{Tenant: "T"}); errors.Is(err, session.ErrTooManyJoins) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		b.Live(true)
		synctest.Wait()
		if n := strings.Count(c.text(), "joined|"); n != asked || asked == 10_000 {
			t.Errorf("%d requests were taken, %d answered", asked, n)
		}
		if err := s.Join(session.Request{Tenant: "T"}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		synctest.Wait()
	})
}

func TestLeaveEndsTheStream(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		s.Leave("T")
		s.Leave("never joined")
		b.publish("T", 1, false, "")
		is(t, c, "joined 0.0, left T, left never joined")
		if n := b.Stats().Subscriptions; n != 0 {
			t.Errorf("%d subscriptions are left", n)
		}
	})
}

func TestTooManyTenants(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.MaxTenants = 2 }, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "A"})
		for _, step := range []struct {
			tenant string
			want   error
		}{{"B", nil}, {"C", session.ErrTooManyTenants}, {"A", nil}} {
			if err := s.Join(session.Request{Tenant: step.tenant}); !errors.Is(err, step.want) {
				t.Fatalf("join %s: %v", step.tenant, err)
			}
		}
		s.Leave("B")
		if err := s.Join(session.Request{Tenant: "C"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	})
}

// TestCursorsThatCannotContinue: each is answered at the head, with a reset.
func TestCursorsThatCannotContinue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cursor, want string
	}{
		"malformed":     {"nonsense", "invalid"},
		"other history": {"f2.1.rz", "diverged"},
		"rewritten":     {feedID + ".2.zz", "diverged"},
		"ahead":         {feedID + ".9.zz", "diverged"},
		"pruned":        {feedID + ".1.rz", "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, nil, func(t *testing.T, b *bundle) {
				for range 4 {
					b.publish("T", 1, false, "")
				}
				cursor := test.cursor
				if name == "pruned" {
					cursor = at(b.history.changes["T"][0])
				}
				b.history.floor["T"] = 2
				c := newConn(unlimited)
				b.join(t, c, session.Request{Tenant: "T", Cursor: cursor})
				head := strings.TrimPrefix(at(b.history.changes["T"][3]), feedID+".")
				is(t, c, "joined "+head+", reset "+test.want+"@"+head)
				next := b.publish("T", 1, false, "")
				is(t, c, "joined "+head+", reset "+test.want+"@"+head+
					", event e0@"+strings.TrimPrefix(at(next), feedID+"."))
			})
		})
	}
}

// TestResumeAtEveryCursor: from the ring and from the history the suffix is the
// same, also in the middle of a change.
func TestResumeAtEveryCursor(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"ring", "history"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			bubble(t, nil, func(t *testing.T, b *bundle) {
				if from == "ring" {
					b.join(t, newConn(unlimited), session.Request{Tenant: "T"})
				}
				var all []feed.Event
				for n := range 12 {
					c := b.publish("T", n%4, false, "")
					all = mapChange(all, &c)
				}
				synctest.Wait()
				for i, e := range all {
					c := newConn(unlimited)
					b.join(t, c, session.Request{Tenant: "T", Cursor: e.Cursor.String()})
					var got, want []string
					for _, l := range c.lines(t) {
						if l.kind == "event" && l.name != "stats" {
							got = append(got, l.cursor+l.name)
						}
					}
					for _, e := range all[i+1:] {
						want = append(want, e.Cursor.String()+e.Name)
					}
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Fatalf("after %s: got %s, want %s", e.Cursor, got, want)
					}
				}
				if served := b.history.reads; (from == "ring") != (served == 0) {
					t.Errorf("%d reads of the history", served)
				}
			})
		})
	}
}

// TestServerBehindTheCursor: a client comes from a process that was ahead. It
// gets what it has not had, once the tail is there.
func TestServerBehindTheCursor(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		b.join(t, newConn(unlimited), session.Request{Tenant: "T"})
		var sealed []feed.Change
		for range 4 {
			sealed = append(sealed, b.history.seal("T", 2, false, ""))
		}
		had := mapChange(nil, &sealed[1])[0].Cursor.String() // the first of two events
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T", Cursor: had, Admit: func(name string) bool { return name != "stats" }})
		for i := range sealed { // the tail comes after
			b.Publish(sealed[i:i+1], int64(i+1))
			synctest.Wait()
		}
		if b.history.reads > 2 {
			t.Errorf("%d reads of the history", b.history.reads)
		}
		var got []string
		for _, l := range c.lines(t) {
			if l.kind == "event" {
				got = append(got, l.cursor)
			}
		}
		var all []string
		for i := range sealed {
			for _, e := range mapChange(nil, &sealed[i]) {
				all = append(all, e.Cursor.String())
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(all[3:]) {
			t.Fatalf("got %s, want %s", got, all[3:])
		}
	})
}

// TestUnreadableHistory: joins wait and go on when it is back.
func TestUnreadableHistory(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		for range 3 {
			b.publish("T", 1, false, "")
		}
		reads := 0
		b.history.fail = func() error {
			if reads++; reads%4 != 0 { // three failures for the head, three for the page
				return errors.New("the database is away")
			}
			return nil
		}
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T", Cursor: feedID + ".0.0"})
		b.publish("T", 1, false, "")
		is(t, c, "")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := strings.Count(c.text(), "|e0|"); n != 4 || reads != 8 {
			t.Fatalf("%d reads, received %s", reads, kinds(c.lines(t)))
		}
	})
}

// TestPublishWhileHeadIsRead: changes that are published between a join and its
// answer arrive, and those before do not.
func TestPublishWhileHeadIsRead(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		b.history.gate = make(chan struct{})
		b.publish("T", 1, false, "")
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		b.publish("T", 1, false, "")
		b.publish("T", 2, false, "")
		is(t, c, "")
		b.history.gate <- struct{}{}
		is(t, c, "joined 3.sd")
		b.publish("T", 1, false, "")
		is(t, c, "joined 3.sd, event e0@4.sk")
		// One that resumes gets them all.
		late := newConn(unlimited)
		b.join(t, late, session.Request{Tenant: "T", Cursor: at(b.history.changes["T"][0])})
		is(t, late, "joined 1.rz, event e0@2.s6, event e0@2.sd.1, event e1@3.sd, event e0@4.sk, event stats@4.sk")
		if b.history.reads != 0 {
			t.Errorf("%d reads of the history", b.history.reads)
		}
	})
}

// TestPublishDuringPass: what is published while a worker is under way goes out
// with the next pass.
func TestPublishDuringPass(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		c.gate = make(chan struct{}, 10)
		c.gate <- struct{}{}
		b.join(t, c, session.Request{Tenant: "T"})
		b.publish("T", 1, false, "")
		synctest.Wait() // the worker waits at the gate
		b.publish("T", 1, false, "")
		for range 5 {
			c.gate <- struct{}{}
		}
		is(t, c, "joined 0.0, event e0@1.rz, event e0@2.s6")
	})
}

// TestRunEndsWhilePublishWaits for the only worker, which is with another
// tenant.
func TestRunEndsWhilePublishWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, func(o *room.Options) { o.RingBytes, o.Workers = 1<<10, 1 })
		gated := newConn(unlimited)
		gated.gate = make(chan struct{}, 10)
		gated.gate <- struct{}{}
		b.join(t, gated, session.Request{Tenant: "U"})
		b.join(t, newConn(unlimited), session.Request{Tenant: "T"})
		b.publish("U", 1, false, "")
		synctest.Wait() // the worker is at the gate
		published := make(chan struct{})
		go func() {
			defer close(published)
			for range 100 {
				b.publish("T", 1, false, strings.Repeat("x", 100))
			}
		}()
		synctest.Wait()
		select {
		case <-published:
			t.Fatal("Publish did not wait for the worker")
		default:
		}
		stopped := make(chan struct{})
		go func() { b.stop(); close(stopped) }()
		close(gated.gate)
		<-published
		<-stopped
	})
}

func TestUnjoinedTenantCostsNothing(t *testing.T) {
	t.Parallel()
	mapped := 0
	bubble(t, func(o *room.Options) {
		o.Map = func(dst []feed.Event, c *feed.Change) []feed.Event { mapped++; return mapChange(dst, c) }
	}, func(t *testing.T, b *bundle) {
		b.publish("T", 3, true, "")
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		if mapped != 0 {
			t.Fatalf("mapped %d changes for nobody", mapped)
		}
		s.Leave("T")
		// The ring outlives the session for a while, then goes.
		time.Sleep(50 * time.Second)
		b.publish("T", 1, false, "")
		if mapped != 1 {
			t.Fatalf("mapped %d changes for the ring", mapped)
		}
		time.Sleep(30 * time.Second)
		b.publish("T", 1, false, "")
		if mapped != 1 || b.Stats().Tenants != 0 {
			t.Fatalf("mapped %d changes, %d tenants", mapped, b.Stats().Tenants)
		}
	})
}

func TestResetReachesEverySubscription(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c, blocked, waiting := newConn(unlimited), newConn(unlimited), newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		b.join(t, blocked, session.Request{Tenant: "T"})
		blocked.stop()
		one := b.publish("T", 1, false, "")
		synctest.Wait()
		b.Reset(feed.ErrDiverged)
		b.join(t, waiting, session.Request{Tenant: "T"})
		is(t, c, "joined 0.0, event e0@1.rz")
		// The new history.
		b.history.changes["T"][0].Nonce = 5
		b.Publish(nil, b.history.sequence)
		b.Live(true)
		is(t, c, "joined 0.0, event e0@1.rz, reset diverged@1.5")
		is(t, waiting, "joined 1.5")
		blocked.allow(unlimited)
		is(t, blocked, "joined 0.0, event e0@1.rz, reset diverged@1.5")
		two := b.publish("T", 1, false, "")
		if one.Position != 1 || two.Position != 2 {
			t.Fatal("positions")
		}
		is(t, c, "joined 0.0, event e0@1.rz, reset diverged@1.5, event e0@"+strings.TrimPrefix(at(two), feedID+"."))
	})
}
