package conform_test

import (
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// TestReset continues from cursors that lead nowhere.
func TestReset(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	// began and came are the cursors of clients of each wire at 0 and at 3.
	began, came := make(map[string]string), make(map[string]string)
	tenants := make(map[string]string)
	for _, w := range wires {
		l := &line{wire: w, shared: s, Tenant: s.NewTenant(t)}
		f := l.join(t, l.servers()[0])
		l.Exec(t, insertOrder, raiseTotal, raiseTotal)
		f.receives(t, "order:created@1", "order:updated@2", "order:updated@3")
		tenants[w.name], began[w.name], came[w.name] = l.ID, f.joined.Cursor, f.cursor
		f.cut()
	}
	// The newest seal is never forgotten, so this is one more.
	another := &line{wire: wires[0], shared: s, Tenant: s.NewTenant(t)}
	f := another.join(t, another.servers()[0])
	another.Exec(t, insertOrder)
	f.receives(t, "order:created@1")
	// History ends here. Nobody may still have to read what came before.
	for _, w := range wires {
		for _, server := range s.pair(w) {
			servetest.Eventually(t, "server that has everything", func() bool {
				status := server.Status(t)
				return status.Head > 0 && status.Sequence == status.Head
			})
		}
	}
	pgtest.Exec(t, s.DB, `select rowcast.prune('0', 1000000)`)
	onEvery(t, s, wires, func(t *testing.T, l *line) {
		l.ID = tenants[l.name]
		for _, c := range []struct{ reason, cursor string }{
			// The first server may still have it in memory.
			{"expired", began[l.name]},
			{"diverged", "another" + came[l.name]},
			{"diverged", otherNonce(came[l.name])},
			{"invalid", "yesterday"},
		} {
			f := l.join(t, l.servers()[1], from(c.cursor))
			m := f.until(t, "reset", func(message) bool { return true })
			if m.Type != "reset" || m.Reason != c.reason || m.Position < 3 || m.TenantID != l.ID || m.Cursor == "" {
				t.Fatalf("%s from %s: %+v; want a reset", c.reason, c.cursor, m)
			}
			// Live events follow, and the new cursor is good on any server.
			g := l.join(t, l.servers()[0], from(f.cursor))
			l.Exec(t, raiseTotal)
			for _, f := range []*client{f, g} {
				want := f.position + 1
				if m := f.events(t, 1)[0]; m.Position != want {
					t.Fatalf("received %s after %s; want position %d", m, c.reason, want)
				}
				f.cut()
			}
		}
	})
}

// otherNonce is a cursor at the same position of another history.
func otherNonce(cursor string) string {
	parts := strings.Split(cursor, ".")
	digit := "1"
	if strings.HasPrefix(parts[2], digit) {
		digit = "2"
	}
	parts[2] = digit + parts[2][1:]
	return strings.Join(parts, ".")
}
