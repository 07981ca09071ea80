package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/hub"
)

// TestResumesOfOneDoNotStarveOthers: a subject resumes with a hundred connections,
// each from a cursor of its own. A client of another tenant and one of another
// subject of the same tenant wait for a bounded number of reads.
func TestResumesOfOneDoNotStarveOthers(t *testing.T) {
	t.Parallel()
	const crowd, changes = 100, 120
	for _, other := range []hub.Request{{Tenant: "U", Subject: "bob"}, {Tenant: "T", Subject: "ann"}} {
		bubble(t, func(o *hub.Options) { o.Readers = 1 }, func(t *testing.T, b *bundle) {
			for range changes {
				b.history.seal("T", 1, false, "mine")
				b.history.seal("U", 1, false, "mine")
			}
			b.Publish(nil, b.history.place)
			for _, tenant := range []string{"T", "U"} { // the heads are known
				b.join(t, newConn(unlimited), hub.Request{Tenant: tenant})
			}
			reading := make(chan struct{})
			b.history.fail = func() error {
				<-reading
				return nil
			}
			for n := range crowd {
				from := b.history.changes["T"][n]
				b.join(t, newConn(unlimited), hub.Request{Tenant: "T", Subject: "mallory", Cursor: at(from)})
			}
			c := newConn(unlimited)
			other.Cursor = at(b.history.changes[other.Tenant][changes-2])
			b.join(t, c, other)
			for range 3 { // the one under way, one of theirs, ours
				reading <- struct{}{}
				synctest.Wait()
			}
			if n := strings.Count(c.text(), "|mine"); n != 1 {
				t.Errorf("%+v got %d events within 3 reads", other, n)
			}
			close(reading)
			time.Sleep(time.Minute)
		})
	}
}

// TestRoomIsShared: pages of one tenant that are kept for a moment do not push out
// those of another.
func TestRoomIsShared(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		for range 50 {
			b.history.seal("T", 1, false, "")
			b.history.seal("U", 1, false, "")
		}
		b.Publish(nil, b.history.place)
		resume := func(tenant string, n int) {
			time.Sleep(time.Millisecond) // so that one is older than the next
			q := hub.Request{Tenant: tenant, Cursor: at(b.history.changes[tenant][n])}
			b.join(t, newConn(unlimited), q).CloseWith(hub.Gone, nil)
		}
		resume("U", 0)
		resume("U", 1)
		for n := range 40 {
			resume("T", n)
		}
		reads := b.history.reads
		resume("U", 0)
		resume("U", 1)
		if b.history.reads != reads {
			t.Errorf("%d pages were read again", b.history.reads-reads)
		}
		resume("T", 0)
		if b.history.reads != reads+1 {
			t.Errorf("the oldest page of the tenant with most is kept")
		}
	})
}
