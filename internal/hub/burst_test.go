package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// TestEndOfBurstArrives: however many tenants a client has joined and however its
// connection blocks, it has everything once it reads, though nothing is published
// any more and no time passes.
func TestEndOfBurstArrives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var stopped any // how rapid ends a run that fails
		synctest.Test(t, func(tb *testing.T) {
			defer func() { stopped = recover() }()
			b := setup(rt, func(o *room.Options) {
				o.Workers = rapid.IntRange(1, 3).Draw(rt, "workers")
				o.DashboardReason, o.DashboardReasons, o.DashboardEvent = nil, nil, nil
			})
			defer b.stop()
			runBurst(rt, tb, b)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}

func runBurst(t *rapid.T, tb testing.TB, b *bundle) {
	c := newConn(unlimited)
	c.slowOnly = rapid.Bool().Draw(t, "slow only")
	s := b.open(t, c)
	admit := func(string) bool { return true }
	if rapid.Bool().Draw(t, "no filter") {
		admit = nil
	}
	joined := make([]string, rapid.IntRange(1, 20).Draw(t, "tenants"))
	for i := range joined {
		joined[i] = fmt.Sprintf("t%d", i)
		if err := s.Join(session.Request{Tenant: joined[i], Admit: admit}); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
	want, got := map[string][]string{}, map[string][]string{}
	read := 0 // bytes that were looked at
	whole := func() {
		t.Helper()
		c.allow(unlimited)
		synctest.Wait()
		text := c.text()
		for _, l := range parse(tb, text[read:]) {
			if l.kind == "event" {
				got[l.tenant] = append(got[l.tenant], l.cursor)
			}
		}
		read = len(text)
		for _, tenant := range joined {
			if !slices.Equal(got[tenant], want[tenant]) {
				t.Fatalf("tenant %s of %d: got %d events, want %d; ended: %v",
					tenant, len(joined), len(got[tenant]), len(want[tenant]), b.Stats().Closes)
			}
		}
		if n := b.Stats().Blocked; n > 0 {
			t.Fatalf("%d sessions still wait", n)
		}
	}
	for range rapid.IntRange(100, 300).Draw(t, "steps") {
		switch rapid.SampledFrom([]string{"stop", "stop", "allow", "settle", "leave", "burst", "burst", "whole"}).Draw(t, "step") {
		case "stop":
			c.stop()
		case "allow":
			c.allow(rapid.IntRange(1, 400).Draw(t, "bytes"))
		case "settle":
			synctest.Wait()
		case "leave":
			if len(joined) > 1 && rapid.IntRange(0, 19).Draw(t, "stay") == 19 {
				i := rapid.IntRange(0, len(joined)-1).Draw(t, "which")
				s.Leave(joined[i])
				joined = slices.Delete(joined, i, i+1)
			}
		case "burst":
			var changes []feed.Change
			for range rapid.IntRange(1, 10).Draw(t, "changes") {
				tenant := rapid.SampledFrom(joined).Draw(t, "tenant")
				data := strings.Repeat("x", rapid.SampledFrom([]int{0, 0, 50, 70_000}).Draw(t, "size"))
				change := b.history.seal(tenant, rapid.IntRange(0, 2).Draw(t, "events"), false, data)
				for _, e := range mapChange(nil, &change) {
					want[tenant] = append(want[tenant], e.Cursor.String())
				}
				changes = append(changes, change)
			}
			b.Publish(changes, b.history.sequence)
		case "whole":
			whole()
		}
	}
	whole()
}
