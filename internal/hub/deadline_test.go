package hub_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestDeadlineBeyondCounting: a deadline that is later than nanoseconds can be counted
// is no deadline that has passed.
func TestDeadlineBeyondCounting(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		for _, year := range []int{2262, 2263, 2555, 9999} {
			c := newConn(unlimited)
			s := b.open(t, c)
			end := time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC)
			s.Deadline(end, end.Add(-30*time.Second), "token-expired")
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if hung, _ := c.isHung(); hung || c.text() != "" {
				t.Errorf("until the end of %d: %q", year, c.text())
			}
		}
	})
}
