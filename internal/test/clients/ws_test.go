package clients_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

const subprotocol = "rowcast.v1"

// receive is the next message of a type.
func (n *node) receive(t *testing.T, kind string) message {
	t.Helper()
	return n.find(t, kind, func(h happening) bool { return h.On == "message" && h.Message.Type == kind }).Message
}

// receives takes exactly these events, but for those of the dashboard, and
// answers the cursor behind them.
func (n *node) receives(t *testing.T, want ...string) (cursor string) {
	t.Helper()
	var got []string
	for len(got) < len(want) {
		m := n.receive(t, "event")
		cursor = m.Cursor
		if m.Event != "dashboard:stats-updated" {
			got = append(got, fmt.Sprintf("%s@%d", m.Event, m.Position))
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("received %s; want %s", got, want)
	}
	return cursor
}

// joinWs has a client of ws join, with a cursor if it is not empty.
func joinWs(t *testing.T, s *servetest.Tenant, n *node, cursor string) message {
	t.Helper()
	join := map[string]any{"type": "join-tenant", "tenantId": s.ID}
	if cursor != "" {
		join["cursor"] = cursor
	}
	n.do(t, "send", join)
	return n.receive(t, "joined")
}

// TestWs follows over servers and cuts, and shows its token in every way.
func TestWs(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	first, second := servetest.Start(t, s.DSN), servetest.Start(t, s.DSN)
	token := servetest.Token(t, s.ID)
	n := start(t, "ws.cjs")

	n.do(t, "connect", "ws://"+first.Address()+"/ws", []string{subprotocol, "bearer." + token}, nil)
	if h := n.until(t, "open"); h.Protocol != subprotocol {
		t.Errorf("the subprotocol is %q", h.Protocol)
	}
	n.receive(t, "welcome")
	n.do(t, "send", map[string]any{"type": "join-tenant", "tenantId": "another"})
	if m := n.receive(t, "error"); m.Code != "forbidden" || m.TenantID != "another" || m.Request != "join-tenant" {
		t.Errorf("another tenant is answered with %+v", m)
	}
	joined := joinWs(t, s, n, "")
	s.Exec(t, insertOrder, nextStatus)
	cursor := n.receives(t, "order:created@1", "order:updated@2", "order:status-changed@2")
	n.do(t, "cut")
	n.until(t, "close")
	s.Exec(t, insertOrder)

	n.do(t, "connect", "ws://"+second.Address()+"/ws", []string{subprotocol}, map[string]string{"Authorization": "Bearer " + token})
	n.until(t, "open")
	joinWs(t, s, n, cursor)
	s.Exec(t, insertOrder)
	cursor = n.receives(t, "order:created@3", "order:created@4")
	n.do(t, "send", map[string]any{"type": "leave-tenant", "tenantId": s.ID})
	n.receive(t, "left")
	s.Exec(t, insertOrder)
	n.do(t, "send", map[string]any{"type": "ping"})
	n.find(t, "pong, and no event", func(h happening) bool {
		if h.Message.Type == "event" {
			t.Errorf("received %s after leaving", h.raw)
		}
		return h.Message.Type == "pong"
	})
	n.do(t, "close")
	n.until(t, "close")

	// The first message has the token; no subprotocol is offered.
	n.do(t, "connect", "ws://"+first.Address()+"/ws", []string{}, nil)
	n.until(t, "open")
	n.do(t, "send", map[string]any{"type": "auth", "token": token})
	joinWs(t, s, n, cursor)
	n.receives(t, "order:created@5")
	n.do(t, "cut")
	n.until(t, "close")

	url := "ws://" + first.Address() + "/ws?ticket=" + ticket(t, first, token)
	n.do(t, "connect", url, []string{subprotocol}, nil)
	n.until(t, "open")
	joinWs(t, s, n, joined.Cursor)
	n.receives(t, "order:created@1", "order:updated@2", "order:status-changed@2", "order:created@3", "order:created@4", "order:created@5")
	n.do(t, "connect", url, []string{subprotocol}, nil)
	if h := n.until(t, "refused"); h.Status != http.StatusUnauthorized || h.Message.Code != "invalid-token" {
		t.Errorf("a ticket that was used is answered with %s", h.raw)
	}
}

// ticket gets a ticket for a token.
func ticket(t *testing.T, server *servetest.Server, token string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://"+server.Address()+"/tickets", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Ticket string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Ticket == "" {
		t.Fatalf("POST /tickets: %d %+v %v", response.StatusCode, answer, err)
	}
	return answer.Ticket
}

// TestWsClosed has connections ended by the server, for good and for now.
func TestWsClosed(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN)
	url := "ws://" + server.Address() + "/ws"
	n := start(t, "ws.cjs")
	closed := func(what string, code int, text string) {
		t.Helper()
		if h := n.until(t, "close"); h.Code != code || !strings.HasPrefix(h.Text, text) {
			t.Errorf("%s: closed with %d %q; want %d %s", what, h.Code, h.Text, code, text)
		}
	}
	n.do(t, "connect", url, []string{subprotocol, "bearer.forged"}, nil)
	closed("a forged token", 4501, "invalid-token")
	n.do(t, "connect", url, []string{subprotocol}, map[string]string{"Authorization": "Bearer forged"})
	n.until(t, "open") // it may be meant for a proxy, and one of the client's own may follow
	n.do(t, "send", map[string]any{"type": "join-tenant", "tenantId": s.ID})
	closed("a forged token in the header", 4501, "invalid-token; token could not be verified")
	n.do(t, "connect", url, []string{subprotocol, "bearer." + servetest.TokenFor(t, 2*time.Second, s.ID)}, nil)
	n.receive(t, "token-expiring")
	closed("a token that ends", 4003, "token-expired")
	n.do(t, "connect", url, []string{subprotocol, "bearer." + servetest.Token(t, s.ID)}, nil)
	n.until(t, "open")
	for range 3 {
		n.do(t, "send", map[string]any{"type": "subscribe"})
	}
	closed("nonsense", 4500, "bad-request")
	n.do(t, "connect", url, []string{subprotocol, "bearer." + servetest.Token(t, s.ID)}, nil)
	n.until(t, "open")
	n.do(t, "send", map[string]any{"type": "auth", "token": strings.Repeat("x", 65<<10)})
	closed("a message of 65 KiB", 1009, "message-too-big")

	n.do(t, "connect", url, []string{subprotocol, "bearer." + servetest.Token(t, s.ID)}, nil)
	n.until(t, "open")
	cursor := joinWs(t, s, n, "").Cursor
	server.Signal(t, syscall.SIGTERM)
	closed("a server that stops", 4001, "shutdown; retry=")
	server.Kill()
	s.Exec(t, insertOrder)
	server.Restart(t)
	n.do(t, "connect", "ws://"+server.Address()+"/ws", []string{subprotocol, "bearer." + servetest.Token(t, s.ID)}, nil)
	n.until(t, "open")
	joinWs(t, s, n, cursor)
	n.receives(t, "order:created@1")
}
