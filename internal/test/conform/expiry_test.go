package conform_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// TestExpiry lets a token end while a client follows.
func TestExpiry(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		servers := l.servers()
		token := servetest.TokenFor(t, 3*time.Second, l.ID)
		stale := func(q *request) { q.token = token }
		f := l.join(t, servers[0], stale)
		l.Exec(t, insertOrder)
		f.receives(t, "order:created@1")
		l.ends(t, f, "token-expired")
		if _, err := l.tryJoin(t, servers[1], stale); err == nil {
			t.Error("an expired token is taken")
		}
		l.Exec(t, insertOrder, raiseTotal)
		g := l.join(t, servers[0], from(f.cursor))
		g.receives(t, "order:created@2", "order:updated@3", "order:updated@4")
	})
}

// TestTokenOfAnotherCentury: a token that ends later than nanoseconds can be counted is
// good on every wire.
func TestTokenOfAnotherCentury(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		far := servetest.TokenFor(t, math.MaxInt64, l.ID)
		f := l.join(t, l.servers()[0], func(q *request) { q.token = far })
		l.Exec(t, insertOrder)
		f.receives(t, "order:created@1")
	})
}
