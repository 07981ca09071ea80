package clients_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// transports are the ways in which socket.io-client connects.
var transports = map[string]struct {
	options map[string]any
	// first is how it begins; upgrades: it goes on by WebSocket.
	first    string
	upgrades bool
}{
	"default options": {nil, "polling", true},
	"websocket only":  {map[string]any{"transports": []string{"websocket"}}, "websocket", false},
	"polling only":    {map[string]any{"transports": []string{"polling"}}, "polling", false},
}

// with are options of io with a token, and more. The client asks for meta.
func with(token string, more map[string]any) map[string]any {
	options := map[string]any{"auth": map[string]any{"token": token, "meta": true}}
	maps.Copy(options, more)
	return options
}

// meta is what follows the data of an event.
type meta struct {
	TenantID, Cursor, At string
	Position             int64
	Changed              []string
	Previous             map[string]any
	Source               struct{ Table, Op, Tx, Writer string }
}

// emitted are the next events with a position, by the names wanted, those of the
// dashboard left out. Each has data and meta, and an offset if there are.
func (n *node) emitted(t *testing.T, offsets bool, want ...string) (last meta) {
	t.Helper()
	var got []string
	for len(got) < len(want) {
		h := n.find(t, "event", func(h happening) bool {
			return h.On == "event" && len(h.Args) > 1 && h.Name != "dashboard:stats-updated" && h.Name != "joined" && h.Name != "left"
		})
		var m meta
		if err := json.Unmarshal(h.Args[1], &m); err != nil || m.Cursor == "" || m.Source.Table != "orders" {
			t.Fatalf("%s has no meta: %s", h.Name, h.raw)
		}
		if (len(h.Args) == 3) != offsets {
			t.Fatalf("%s has %d arguments", h.Name, len(h.Args))
		}
		got = append(got, fmt.Sprintf("%s@%d", h.Name, m.Position))
		last = m
	}
	if !slices.Equal(got, want) {
		t.Fatalf("received %s; want %s", got, want)
	}
	return last
}

// ask emits with an acknowledgement and answers that.
func (n *node) ask(t *testing.T, args ...any) message {
	t.Helper()
	n.do(t, "ask", args...)
	h := n.until(t, "answer")
	var m message
	if len(h.Args) != 1 {
		t.Fatalf("%s is acknowledged with %s", args, h.raw)
	}
	if err := json.Unmarshal(h.Args[0], &m); err != nil {
		t.Fatalf("%s is acknowledged with %s", args, h.raw)
	}
	return m
}

// TestSocketIO joins, leaves and continues from a cursor, on every transport,
// with auth as an object and as a function.
func TestSocketIO(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN)
	url := "http://" + server.Address()
	for name, way := range transports {
		for _, auth := range []string{"object", "function"} {
			t.Run(name+", auth as "+auth, func(t *testing.T) {
				t.Parallel()
				s := s.NewTenant(t)
				n := start(t, "socketio.cjs")
				n.do(t, "connect", url, with(servetest.Token(t, s.ID), way.options), auth)
				if h := n.until(t, "open"); h.Name != way.first {
					t.Errorf("opened by %s", h.raw)
				}
				// It upgrades before or after it has connected.
				connected, upgraded := false, !way.upgrades
				n.find(t, "connect and upgrade", func(h happening) bool {
					connected = connected || h.On == "connect" && h.ID != "" && !h.Recovered
					upgraded = upgraded || h.On == "upgrade" && h.Name == "websocket"
					return connected && upgraded
				})
				if m := n.ask(t, "join-tenant", "another"); m.OK || m.Code != "forbidden" {
					t.Errorf("another tenant: %+v", m)
				}
				joined := n.ask(t, "join-tenant", s.ID)
				if !joined.OK || joined.TenantID != s.ID || joined.Cursor == "" || joined.Position != 0 {
					t.Errorf("joined: %+v", joined)
				}
				s.Exec(t, insertOrder, nextStatus)
				m := n.emitted(t, false, "order:created@1", "order:updated@2", "order:status-changed@2")
				if m.TenantID != s.ID || !slices.Equal(m.Changed, []string{"status", "updated_at"}) || m.Previous["status"] != "pending" {
					t.Errorf("meta of an update: %+v", m)
				}
				if again := n.ask(t, "join-tenant", s.ID); !again.OK || again.Position != 2 {
					t.Errorf("joined again: %+v", again)
				}
				if left := n.ask(t, "leave-tenant", s.ID); !left.OK {
					t.Errorf("left: %+v", left)
				}
				s.Exec(t, insertOrder)
				if m := n.ask(t, "auth", "Bearer "+servetest.TokenFor(t, 2*time.Hour, s.ID)); !m.OK {
					t.Errorf("renewed: %+v", m)
				}
				// What was missed follows the acknowledgement.
				back := n.ask(t, "join-tenant", map[string]any{"tenantId": s.ID, "cursor": m.Cursor, "events": []string{"order:*"}})
				if !back.OK || back.Position != 2 {
					t.Errorf("joined with a cursor: %+v", back)
				}
				n.emitted(t, false, "order:created@3")
				n.do(t, "emit", "leave-tenant", s.ID)
				if m := n.ask(t, "join-tenant", map[string]any{"tenantId": s.ID, "cursor": "yesterday"}); !m.OK {
					t.Errorf("joined with no cursor: %+v", m)
				}
				h := n.find(t, "reset", func(h happening) bool { return h.Name == "reset" })
				var reset message
				if err := json.Unmarshal(h.Args[0], &reset); err != nil || reset.Reason != "invalid" || reset.Position != 3 {
					t.Errorf("reset: %s", h.raw)
				}
			})
		}
	}
}

// TestSocketIOScripts: the scripts that the server has are those of the package.
func TestSocketIOScripts(t *testing.T) {
	t.Parallel()
	address := servetest.Start(t, servetest.NewTenant(t).DSN).Address()
	packages := packages(t)
	for _, name := range []string{"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"} {
		want, err := os.ReadFile(filepath.Join(packages, "socket.io-client", "dist", name))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.Get("http://" + address + "/socket.io/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !bytes.Equal(got, want) {
			t.Errorf("%s: %s, %d bytes, %v; the package has %d", name, response.Status, len(got), err, len(want))
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestSocketIORefused shows tokens that are none, and then one that is.
func TestSocketIORefused(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN)
	for name, way := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := start(t, "socketio.cjs")
			n.do(t, "connect", "http://"+server.Address(), with("forged", way.options), "object")
			if h := n.until(t, "connect_error"); h.Message.Code != "invalid-token" || h.Active {
				t.Errorf("a forged token: %s", h.raw)
			}
			n.do(t, "renew", map[string]string{})
			if h := n.until(t, "connect_error"); h.Message.Code != "invalid-token" || h.Active {
				t.Errorf("no token: %s", h.raw)
			}
			n.do(t, "renew", map[string]string{"token": servetest.Token(t, s.ID)})
			n.until(t, "connect")
			if m := n.ask(t, "join-tenant", s.ID); !m.OK {
				t.Errorf("a good token: %+v", m)
			}
		})
	}
}

// TestOldFrontend runs a frontend of which nothing was changed but its URL,
// through a restart of the server. With recovery it misses nothing.
func TestOldFrontend(t *testing.T) {
	t.Parallel()
	for _, recovery := range []string{"off", "on"} {
		t.Run("recovery "+recovery, func(t *testing.T) {
			t.Parallel()
			oldFrontend(t, recovery)
		})
	}
}

func oldFrontend(t *testing.T, recovery string) {
	t.Helper()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN, "ROWCAST_SOCKETIO_RECOVERY="+recovery)
	proxy := servetest.NewProxy(t, server.Address())
	n := start(t, "frontend.cjs", "FEED_URL=http://"+proxy.Address(), "TOKEN="+servetest.Token(t, s.ID), "TENANT="+s.ID)
	joined := func() {
		t.Helper()
		n.until(t, "connect")
		servetest.Eventually(t, "frontend that has joined", func() bool { return server.Status(t).Hub.Subscriptions == 1 })
	}
	joined()
	s.Exec(t, insertOrder)
	h := n.until(t, "event")
	var order struct {
		ID, Customer, Status string
		Tenant               string `json:"tenant_id"`
		Total                float64
	}
	if err := json.Unmarshal(h.Args[0], &order); err != nil || h.Name != "order:created" || order.Customer != "C" || order.Tenant != s.ID {
		t.Errorf("order:created: %s", h.raw)
	}
	n.until(t, "refresh")
	s.Exec(t, nextStatus)
	if h := n.until(t, "event"); h.Name != "order:status-changed" || string(h.Args[0]) != `{"orderId":"`+order.ID+`","status":"processing"}` {
		t.Errorf("order:status-changed: %s", h.raw)
	}
	server.Kill()
	n.until(t, "disconnect")
	if recovery == "on" {
		s.Exec(t, insertNamed("missed"))
	}
	server.Restart(t)
	proxy.Lead(server.Address())
	if recovery == "off" {
		joined()
		s.Exec(t, insertNamed("missed"))
	}
	s.Exec(t, insertNamed("next"))
	for _, want := range []string{"missed", "next"} {
		h := n.until(t, "event")
		if err := json.Unmarshal(h.Args[0], &order); err != nil || h.Name != "order:created" || order.Customer != want {
			t.Errorf("after a restart: %s; want the order of %s", h.raw, want)
		}
	}
}

// TestSocketIORecovery kills the server under clients that then recover.
func TestSocketIORecovery(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	for name, way := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.NewTenant(t)
			server := servetest.Start(t, s.DSN, "ROWCAST_SOCKETIO_RECOVERY=on")
			proxy := servetest.NewProxy(t, server.Address())
			n := start(t, "socketio.cjs")
			n.do(t, "connect", "http://"+proxy.Address(), with(servetest.Token(t, s.ID), way.options), "object")
			id := n.until(t, "connect").ID
			if m := n.ask(t, "join-tenant", s.ID); !m.OK {
				t.Fatalf("joined: %+v", m)
			}
			// The client has received nothing when it loses the server.
			server.Kill()
			s.Exec(t, insertOrder)
			server.Restart(t)
			proxy.Lead(server.Address())
			// A client that recovers is given its events before it is told.
			if again := n.recovers(t, "order:created@1"); again != id {
				t.Errorf("recovered as %s, was %s", again, id)
			}
			s.Exec(t, nextStatus)
			n.emitted(t, true, "order:updated@2", "order:status-changed@2")

			// To another server, while this one still goes on.
			another := servetest.Start(t, s.DSN, "ROWCAST_SOCKETIO_RECOVERY=on")
			proxy.Lead(another.Address())
			s.Exec(t, insertOrder)
			n.emitted(t, true, "order:created@3")
			n.do(t, "cut")
			n.recovers(t)

			// By a server that stops, to one that was started again.
			proxy.Lead(server.Address())
			another.Signal(t, syscall.SIGTERM)
			if h := n.until(t, "disconnect"); !h.Active {
				t.Errorf("a server that stops: %s", h.raw)
			}
			s.Exec(t, insertOrder)
			n.recovers(t, "order:created@4")
		})
	}
}

// TestSocketIOBehind ends the session of a client that polls and has not yet fetched
// its events. Its handlers see each of them once.
func TestSocketIOBehind(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN, "ROWCAST_SOCKETIO_RECOVERY=on")
	n := start(t, "socketio.cjs")
	// The end of the token is what ends the session, wherever the client is by then.
	n.do(t, "connect", "http://"+server.Address(), with(servetest.TokenFor(t, 5*time.Second, s.ID), transports["polling only"].options), "function")
	n.until(t, "connect")
	n.do(t, "give", map[string]any{"token": servetest.Token(t, s.ID), "meta": true})
	if m := n.ask(t, "join-tenant", s.ID); !m.OK {
		t.Fatalf("joined: %+v", m)
	}
	release := filepath.Join(t.TempDir(), "release")
	n.do(t, "hold", release)
	n.until(t, "held")
	var want []string
	for i := range 20 {
		s.Exec(t, insertOrder)
		want = append(want, fmt.Sprintf("order:created@%d", i+1))
	}
	servetest.Eventually(t, "end of the token", func() bool { return server.Status(t).Hub.Closes["token-expired"] == 1 })
	if err := os.WriteFile(release, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n.recovers(t, want...)
	s.Exec(t, insertOrder)
	n.emitted(t, true, "order:created@21")
}

// recovers waits for the client to have recovered and received these events, and gives
// its id.
func (n *node) recovers(t *testing.T, want ...string) (id string) {
	t.Helper()
	var got []string
	connected := false
	giveUp := time.After(servetest.Timeout)
	for !connected || len(got) < len(want) {
		switch h := n.next(t, giveUp); {
		case h.On == "connect":
			id = h.ID
			if connected = true; !h.Recovered {
				t.Fatalf("not recovered: %s", h.raw)
			}
		case h.On == "event" && len(h.Args) == 3 && h.Name != "dashboard:stats-updated":
			var m meta
			if err := json.Unmarshal(h.Args[1], &m); err != nil {
				t.Fatalf("%s has no meta: %s", h.Name, h.raw)
			}
			got = append(got, fmt.Sprintf("%s@%d", h.Name, m.Position))
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("recovered %s; want %s", got, want)
	}
	return id
}

// TestSocketIODrained stops the server under clients without recovery: they
// come back by themselves, and with their cursor they have everything.
func TestSocketIODrained(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	for name, way := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.NewTenant(t)
			server, next := servetest.Start(t, s.DSN), servetest.Start(t, s.DSN)
			proxy := servetest.NewProxy(t, server.Address())
			n := start(t, "socketio.cjs")
			n.do(t, "connect", "http://"+proxy.Address(), with(servetest.Token(t, s.ID), way.options), "object")
			n.until(t, "connect")
			cursor := n.ask(t, "join-tenant", s.ID).Cursor
			proxy.Lead(next.Address())
			server.Signal(t, syscall.SIGTERM)
			if h := n.until(t, "disconnect"); !h.Active {
				t.Errorf("a server that stops: %s", h.raw)
			}
			s.Exec(t, insertOrder)
			if h := n.until(t, "connect"); h.Recovered {
				t.Errorf("recovered without recovery: %s", h.raw)
			}
			if m := n.ask(t, "join-tenant", map[string]string{"tenantId": s.ID, "cursor": cursor}); !m.OK {
				t.Errorf("joined: %+v", m)
			}
			n.emitted(t, false, "order:created@1")
		})
	}
}
