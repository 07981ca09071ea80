package clients_test

import (
	"net/http"
	"net/url"
	"syscall"
	"testing"

	"rowcast/internal/test/servetest"
)

// names are what an EventSource listens to.
var names = []string{"joined", "order:created", "order:updated", "order:status-changed", "progress", "reset", "closed"}

// events is the URL of the stream of the tenant.
func events(s *servetest.Tenant, address string, query ...string) string {
	values := url.Values{"tenant": {s.ID}}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	return "http://" + address + "/events?" + values.Encode()
}

// streamed is the next event of a name; no other comes before it.
func (n *node) streamed(t *testing.T, name string, position int64) (cursor string) {
	t.Helper()
	h := n.find(t, name, func(h happening) bool { return h.On == "message" && h.Name != "progress" })
	if h.Name != name || h.Message.Position != position || h.ID != h.Message.Cursor || h.ID == "" {
		t.Fatalf("%s; want %s at %d", h.raw, name, position)
	}
	return h.ID
}

// TestEventSource has the package come back by itself, with its last id, when
// the server was killed and when it stops.
func TestEventSource(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN)
	proxy := servetest.NewProxy(t, server.Address())
	n := start(t, "eventsource.cjs")
	n.do(t, "connect", events(s, proxy.Address()), servetest.Token(t, s.ID), names)
	n.until(t, "open")
	n.streamed(t, "joined", 0)
	s.Exec(t, insertOrder, nextStatus)
	n.streamed(t, "order:created", 1)
	n.streamed(t, "order:updated", 2)
	n.streamed(t, "order:status-changed", 2)

	server.Kill()
	n.until(t, "error")
	s.Exec(t, insertOrder)
	server.Restart(t)
	proxy.Lead(server.Address())
	n.streamed(t, "joined", 2)
	n.streamed(t, "order:created", 3)

	another := servetest.Start(t, s.DSN)
	proxy.Lead(another.Address())
	server.Signal(t, syscall.SIGTERM)
	if h := n.find(t, "closed", func(h happening) bool { return h.Name == "closed" }); h.Message.Reason != "shutdown" {
		t.Errorf("a server that stops says %s", h.raw)
	}
	s.Exec(t, insertOrder)
	n.streamed(t, "joined", 3)
	n.streamed(t, "order:created", 4)
	n.do(t, "close")
	servetest.Eventually(t, "client that has left", func() bool { return another.Status(t).Connections == 0 })
}

// TestEventSourceTicket has a client without headers, as a browser is, get a
// ticket each time.
func TestEventSourceTicket(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN)
	proxy := servetest.NewProxy(t, server.Address())
	token := servetest.Token(t, s.ID)
	n := start(t, "eventsource.cjs")
	once := events(s, proxy.Address(), "ticket", ticket(t, server, token), "events", "order:created")
	n.do(t, "connect", once, "", names)
	n.streamed(t, "joined", 0)
	s.Exec(t, insertOrder, nextStatus, insertOrder)
	n.streamed(t, "order:created", 1)
	cursor := n.streamed(t, "order:created", 3)
	if proxy.Cut() != 1 {
		t.Error("the client has not one connection")
	}
	// Its ticket is used, so that it does not come back by itself.
	refused := n.find(t, "end", func(h happening) bool { return h.On == "error" && h.Final })
	if refused.Code != http.StatusUnauthorized {
		t.Errorf("a ticket that was used: %s", refused.raw)
	}
	s.Exec(t, insertOrder)
	n.do(t, "connect", events(s, proxy.Address(), "ticket", ticket(t, server, token), "events", "order:created", "cursor", cursor), "", names)
	n.streamed(t, "joined", 3)
	n.streamed(t, "order:created", 4)
}

// TestEventSourceRefused asks for what the token does not name.
func TestEventSourceRefused(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN)
	n := start(t, "eventsource.cjs")
	for want, token := range map[int]string{
		http.StatusForbidden:    servetest.Token(t, s.NewTenant(t).ID),
		http.StatusUnauthorized: "forged",
	} {
		n.do(t, "connect", events(s, server.Address()), token, names)
		if h := n.until(t, "error"); h.Code != want || !h.Final {
			t.Errorf("%s; want %d", h.raw, want)
		}
	}
}

// TestEventSourcePolyfill has a package come back that sends its last id in the query,
// beside the cursor that its URL began with.
func TestEventSourcePolyfill(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN)
	proxy := servetest.NewProxy(t, server.Address())
	s.Exec(t, insertOrder)
	n := start(t, "eventsource.cjs")
	n.do(t, "connect", events(s, server.Address()), servetest.Token(t, s.ID), names)
	before := n.streamed(t, "joined", 1)
	n.do(t, "close")

	n = start(t, "polyfill.cjs")
	n.do(t, "connect", events(s, proxy.Address(), "cursor", before), servetest.Token(t, s.ID), names)
	n.streamed(t, "joined", 1)
	s.Exec(t, insertOrder)
	n.streamed(t, "order:created", 2)
	if proxy.Cut() != 1 {
		t.Error("the client has not one connection")
	}
	s.Exec(t, insertOrder)
	n.streamed(t, "joined", 2)
	n.streamed(t, "order:created", 3)
	n.do(t, "close")
}
