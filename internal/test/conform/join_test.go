package conform_test

import "testing"

// TestJoin commits before, in the moment after joined and later.
func TestJoin(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, wires, func(t *testing.T, l *line) {
		server := l.servers()[0]
		first := l.join(t, server)
		if first.position != 0 {
			t.Fatalf("joined a new tenant at %d", first.position)
		}
		l.Exec(t, insertOrder)
		first.receives(t, "order:created@1")
		l.Exec(t, insertOrder)
		// The server may or may not have published that one already.
		second := l.join(t, server)
		if second.position != 1 && second.position != 2 {
			t.Fatalf("joined at %d; want 1 or 2", second.position)
		}
		l.Exec(t, insertOrder)
		for position := second.position + 1; position <= 3; position++ {
			if m := second.events(t, 1)[0]; m.Position != position {
				t.Fatalf("received %s; want position %d", m, position)
			}
		}
		first.receives(t, "order:created@2", "order:created@3")
	})
}
