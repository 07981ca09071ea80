package conform_test

import (
	"net/http"
	"slices"
	"syscall"
	"testing"

	"rowcast/internal/test/servetest"
)

// TestDrain stops a server under a client.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		leaving := l.shared.serve(t, l.wire)
		f := l.join(t, leaving)
		l.Exec(t, insertOrder)
		f.receives(t, "order:created@1")
		answers := func(want int) func() bool {
			return func() bool { status, _ := leaving.Get(t, "/readyz"); return status == want }
		}
		servetest.Eventually(t, "server that is ready", answers(http.StatusOK))
		leaving.Signal(t, syscall.SIGTERM)
		servetest.Eventually(t, "server that is unready", answers(http.StatusServiceUnavailable))
		// It still serves those it has.
		l.Exec(t, raiseTotal)
		f.receives(t, "order:updated@2")
		if e := l.ends(t, f, "shutdown"); e.hint == 0 && !l.mute {
			t.Error("the client is not told when to come back")
		}
		l.Exec(t, raiseTotal, nextStatus)
		g := l.join(t, l.servers()[0], from(f.cursor))
		g.receives(t, "order:updated@3", "order:updated@4", "order:status-changed@4")
		leaving.Process().Ends(t, 0)
	})
}
