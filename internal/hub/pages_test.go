package hub_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// crowd has many sessions join a tenant with the same cursor.
func (b *bundle) crowd(t *testing.T, count int, cursor string) (conns []*conn) {
	t.Helper()
	for range count {
		c := newConn(unlimited)
		if err := b.open(t, c).Join(session.Request{Tenant: "T", Cursor: cursor}); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	return conns
}

// TestCrowdSharesPages: a hub that has just started knows nothing of the
// tenant. Clients at the same cursor share the reads of the history and what is made
// of them, those that come a moment later as well, and all get everything.
func TestCrowdSharesPages(t *testing.T) {
	t.Parallel()
	const clients, changes, page = 200, 10, 4
	var mapped atomic.Int64
	count := func(o *room.Options) {
		o.PageSize = page
		toEvents := o.Map
		o.Map = func(dst []feed.Event, c *feed.Change) []feed.Event {
			mapped.Add(1)
			return toEvents(dst, c)
		}
	}
	bubble(t, count, func(t *testing.T, b *bundle) {
		var first feed.Change
		for n := range changes + 1 {
			if c := b.history.seal("T", 1, false, fmt.Sprint(n)); n == 0 {
				first = c
			}
		}
		b.Publish(nil, b.history.sequence)
		conns := b.crowd(t, clients, at(first))
		time.Sleep(time.Second)
		conns = append(conns, b.crowd(t, clients, at(first))...)
		b.publish("T", 1, false, "live")
		synctest.Wait()
		for i, c := range conns {
			if n := strings.Count(c.text(), "|e0|"); n != changes+1 {
				t.Fatalf("client %d got %d events", i, n)
			}
		}
		want := (changes + page - 1) / page
		if b.history.reads != want || b.Stats().HistoryReads != int64(want) {
			t.Errorf("%d reads of the history, %d counted; want %d", b.history.reads, b.Stats().HistoryReads, want)
		}
		if got := mapped.Load(); got != changes+1 {
			t.Errorf("changes are mapped %d times; want %d", got, changes+1)
		}
		// What was kept is not kept for ever.
		time.Sleep(time.Minute)
		for range 20 {
			b.publish("T", 1, false, "")
		}
		b.crowd(t, clients, at(first))
		synctest.Wait()
		if got := b.history.reads - want; got != want {
			t.Errorf("%d more reads after a minute; want %d", got, want)
		}
	})
}

// TestFailedPageIsNotKept: those who wait for a page that cannot be read try
// again, and a page of a history that was rewritten is not served.
func TestFailedPageIsNotKept(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		first := b.history.seal("T", 1, false, "")
		b.history.seal("T", 1, false, "before")
		b.Publish(nil, b.history.sequence)
		b.join(t, newConn(unlimited), session.Request{Tenant: "T"}) // the head is known
		var failing atomic.Bool
		failing.Store(true)
		b.history.fail = func() error {
			if failing.Load() {
				return errors.New("the database is away")
			}
			return nil
		}
		conns := b.crowd(t, 10, at(first))
		synctest.Wait()
		failing.Store(false)
		time.Sleep(10 * time.Second)
		for i, c := range conns {
			if n := strings.Count(c.text(), "|before"); n != 1 {
				t.Errorf("client %d got the event %d times", i, n)
			}
		}
		reads := b.history.reads
		b.Reset(feed.ErrDiverged)
		b.Publish(nil, b.history.sequence)
		b.Live(true)
		late := newConn(unlimited)
		b.join(t, late, session.Request{Tenant: "T", Cursor: at(first)})
		if b.history.reads != reads+1 {
			t.Errorf("%d reads after the reset; want 1", b.history.reads-reads)
		}
	})
}
