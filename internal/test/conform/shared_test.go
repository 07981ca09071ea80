package conform_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"rowcast/internal/test/servetest"
)

// shared is a database, and servers on it that its tests share.
type shared struct {
	*servetest.Inventory
	t *testing.T

	mu      sync.Mutex
	servers map[string][2]*servetest.Server
}

func newShared(t *testing.T) *shared {
	t.Helper()
	return &shared{Inventory: servetest.NewInventory(t), t: t, servers: make(map[string][2]*servetest.Server)}
}

// patient has a server wait for pongs of clients that a test does not read from, or
// that a slow machine does not run.
const patient = "ROWCAST_PING_TIMEOUT=10m"

// serve starts a server for a wire.
func (s *shared) serve(t *testing.T, w wire) *servetest.Server {
	t.Helper()
	return servetest.Start(t, s.DSN, append(slices.Clone(w.settings), patient)...)
}

// pair are two servers for a wire, which all tests of the database may use.
func (s *shared) pair(w wire) [2]*servetest.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.Join(w.settings, " ")
	pair, ok := s.servers[key]
	if !ok {
		pair = [2]*servetest.Server{s.serve(s.t, w), s.serve(s.t, w)}
		s.servers[key] = pair
	}
	return pair
}
