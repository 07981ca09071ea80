package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// TestResumesOfOneDoNotStarveOthers: a subject resumes with a hundred connections,
// each from a cursor of its own that no page of the others reaches. A client of another tenant and one of another
// subject of the same tenant wait for a bounded number of reads.
func TestResumesOfOneDoNotStarveOthers(t *testing.T) {
	t.Parallel()
	const crowd, changes = 100, 120
	for _, other := range []session.Request{{Tenant: "U", Subject: "bob"}, {Tenant: "T", Subject: "ann"}} {
		bubble(t, func(o *room.Options) { o.Readers, o.PageSize = 1, 1 }, func(t *testing.T, b *bundle) {
			for range changes {
				b.history.seal("T", 1, false, "mine")
				b.history.seal("U", 1, false, "mine")
			}
			b.Publish(nil, b.history.sequence)
			for _, tenant := range []string{"T", "U"} { // the heads are known
				b.join(t, newConn(unlimited), session.Request{Tenant: tenant})
			}
			reading := make(chan struct{})
			b.history.fail = func() error {
				<-reading
				return nil
			}
			for n := range crowd {
				from := b.history.changes["T"][n]
				b.join(t, newConn(unlimited), session.Request{Tenant: "T", Subject: "mallory", Cursor: at(from)})
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
