package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/session"
)

func stats(c *conn) int { return strings.Count(c.text(), "|stats|") }

func TestDashboardCoalesces(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		b.publish("T", 1, true, "")
		is(t, c, "joined 0.0, event e0@1.rz, event stats@1.rz") // at once
		for range 50 {                                          // ten a second for five seconds
			b.publish("T", 1, true, "")
			time.Sleep(100 * time.Millisecond)
			s.Alive()
		}
		synctest.Wait()
		if n := stats(c); n != 6 {
			t.Errorf("%d dashboard events in five seconds", n)
		}
		b.publish("T", 1, true, "")
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if n := stats(c); n != 7 {
			t.Errorf("%d dashboard events, the last one is missing", n)
		}
		last := c.lines(t)
		if l := last[len(last)-1]; l.name != "stats" || !strings.HasPrefix(l.cursor, feedID+".52.") {
			t.Errorf("the last message is %v", l)
		}
		time.Sleep(5 * time.Second)
		if n := stats(c); n != 7 {
			t.Errorf("%d dashboard events without a change", n)
		}
		b.publish("T", 1, false, "") // does not count
		time.Sleep(2 * time.Second)
		if n := stats(c); n != 7 {
			t.Errorf("%d dashboard events after a change that does not count", n)
		}
	})
}

// TestResumeGetsTheDashboardEvent: a client that was cut gets the one that it may have
// missed, also if it had it. A cursor of an earlier version tells nothing of it.
func TestResumeGetsTheDashboardEvent(t *testing.T) {
	t.Parallel()
	only := func(name string) func(string) bool { return func(n string) bool { return n == name } }
	for name, test := range map[string]struct {
		cursor func(one, two feed.Change) string
		admit  func(string) bool
		want   string
	}{
		"had none":        {func(one, _ feed.Change) string { return at(one) }, nil, "joined 1.rz, event e0@2.s6, event stats@2.s6"},
		"had the events":  {func(_, two feed.Change) string { return at(two) }, nil, "joined 2.s6, event stats@2.s6"},
		"had all":         {func(_, two feed.Change) string { return at(two) + ".s" }, nil, "joined 2.s6, event stats@2.s6"},
		"wants no others": {func(one, _ feed.Change) string { return at(one) + ".s" }, only("stats"), "joined 1.rz, event stats@2.s6"},
		"wants none":      {func(one, _ feed.Change) string { return at(one) }, only("e0"), "joined 1.rz, event e0@2.s6"},
		"fresh":           {func(_, _ feed.Change) string { return "" }, nil, "joined 2.s6"},
	} {
		for _, ring := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				bubble(t, nil, func(t *testing.T, b *bundle) {
					if ring {
						b.join(t, newConn(unlimited), session.Request{Tenant: "T"})
					}
					one := b.publish("T", 1, true, "")
					time.Sleep(2 * time.Second)
					two := b.publish("T", 1, true, "")
					synctest.Wait()
					c := newConn(unlimited)
					s := b.join(t, c, session.Request{Tenant: "T", Cursor: test.cursor(one, two), Admit: test.admit})
					want, again := test.want, ", joined 2.s6, event stats@2.s6"
					if ring && (name == "had none" || name == "wants no others") {
						want += ", event stats@2.s6" // that of the ring, and the one that is owed
					}
					is(t, c, want)
					time.Sleep(3 * time.Second)
					is(t, c, want)
					// Whoever joins again may have missed one as well.
					if err := s.Join(session.Request{Tenant: "T", Admit: test.admit}); err != nil {
						t.Fatal(err)
					}
					if name == "wants none" {
						again = ", joined 2.s6"
					}
					is(t, c, want+again)
				})
			})
		}
	}
}

// TestDashboardEventOfAnotherServer: the client has had the event for the newest
// change, or not; this process is still to send it. Each gets it.
func TestDashboardEventOfAnotherServer(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		witness := newConn(unlimited)
		b.join(t, witness, session.Request{Tenant: "T"})
		b.publish("T", 1, true, "")
		two := b.publish("T", 1, true, "") // due in a second
		c, before := newConn(unlimited), newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T", Cursor: at(two) + ".s"})
		b.join(t, before, session.Request{Tenant: "T", Cursor: at(two)})
		time.Sleep(2 * time.Second)
		is(t, c, "joined 2.s6, event stats@2.s6, event stats@2.s6")
		is(t, before, "joined 2.s6, event stats@2.s6, event stats@2.s6")
		is(t, witness, "joined 0.0, event e0@1.rz, event stats@1.rz, event e0@2.s6, event stats@2.s6")
		b.publish("T", 1, true, "")
		time.Sleep(2 * time.Second)
		if n := stats(c); n != 3 {
			t.Errorf("%d dashboard events later: %s", n, kinds(c.lines(t)))
		}
	})
}

// TestHoleIsFilledFromHistory: the publisher skips a change. The clients get it
// all the same, and the dashboard event after it.
func TestHoleIsFilledFromHistory(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		b.join(t, c, session.Request{Tenant: "T"})
		b.publish("T", 1, true, "")
		synctest.Wait()
		b.publish("T", 1, true, "") // its dashboard event is due in a second
		b.history.seal("T", 1, true, "")
		b.publish("T", 1, true, "")
		time.Sleep(2 * time.Second)
		is(t, c, "joined 0.0, event e0@1.rz, event stats@1.rz, event e0@2.s6, "+
			"event e0@3.sd, event e0@4.sk, event stats@4.sk")
		// What was published already is left out, without another read.
		reads := b.history.reads
		b.Publish(b.history.changes["T"][1:], b.history.sequence)
		b.publish("T", 1, false, "")
		synctest.Wait()
		if n := strings.Count(c.text(), "|e0|"); n != 5 || b.history.reads != reads {
			t.Errorf("%d events, %d more reads", n, b.history.reads-reads)
		}
	})
}
