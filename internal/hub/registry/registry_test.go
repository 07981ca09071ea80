package registry_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/hub/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestNobodyIsForgotten: members come while the registry is closed. Each is refused,
// or in it until it is removed.
func TestNobodyIsForgotten(t *testing.T) {
	t.Parallel()
	for range 100 {
		const members = 64
		r := registry.New[int]()
		var parts [members]int
		var came [members]atomic.Bool
		var wg sync.WaitGroup
		for m := range members {
			wg.Go(func() {
				parts[m] = r.Part()
				came[m].Store(r.Add(m, parts[m]))
			})
		}
		r.Close()
		all := map[int]bool{}
		for _, m := range r.All() {
			all[m] = true
		}
		wg.Wait()
		if !r.Closed() || r.Add(members, 0) {
			t.Fatal("a closed registry takes members")
		}
		for m := range members {
			if came[m].Load() != all[m] {
				t.Fatalf("member %d was added: %t, and found: %t", m, came[m].Load(), all[m])
			}
		}
		for m := range all {
			select {
			case <-r.Empty():
				t.Fatalf("empty with %d members", len(r.All()))
			default:
			}
			r.Remove(m, parts[m])
		}
		<-r.Empty()
		if n := len(r.All()); n != 0 {
			t.Fatalf("%d members are left", n)
		}
	}
}
