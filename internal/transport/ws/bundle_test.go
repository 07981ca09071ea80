package ws_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a server for one test.
type bundle struct {
	*servetest.Bundle
	url string // ws://…
	// dial replaces the network in tests of time.
	dial raw.DialFunc
}

// setup starts a server on a listener, or on the loopback if that is nil.
func setup(t testing.TB, listener net.Listener, change func(*room.Options)) *bundle {
	t.Helper()
	o := room.Options{Encoders: []signal.Encoder{ws.Encoder{}}}
	if change != nil {
		change(&o)
	}
	b := servetest.NewBundle(t, o, listener, func(b *servetest.Bundle) (servetest.Handler, error) {
		return ws.NewHandler(ws.Options{Hub: b.Hub, Gate: b.Gate})
	})
	return &bundle{Bundle: b, url: "ws" + strings.TrimPrefix(b.URL, "http")}
}

// event publishes one event of a tenant.
func (b *bundle) event(tenant, data string) {
	text, _ := json.Marshal(map[string]string{"text": data})
	b.Publish(tenant, "order:created", string(text))
}

// message is what a client reads.
type message struct {
	Type, Event, TenantID, Cursor, Reason, Code, Message, Request string
	Position                                                      int64
	PingInterval, PingTimeout                                     int
	Data                                                          struct{ Text string }
	Events                                                        []string
}

// client is a WebSocket client.
type client struct {
	*websocket.Conn
	t testing.TB
}

// handshake connects; the response is nil if there is none.
func (b *bundle) handshake(t testing.TB, path string, header http.Header, protocols ...string) (*client, *http.Response, error) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: protocols, NetDialContext: b.dial}
	conn, response, err := dialer.DialContext(t.Context(), b.url+path, header)
	if err != nil {
		return nil, response, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, t}, response, nil
}

// connect connects with a token, and reads the welcome.
func (b *bundle) connect(t testing.TB, token string) *client {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	c, _, err := b.handshake(t, "/ws", header, ws.Subprotocol)
	if err != nil {
		t.Fatal(err)
	}
	c.expect("welcome")
	return c
}

// joined connects and joins a tenant.
func (b *bundle) joined(t testing.TB, token, tenant string) *client {
	t.Helper()
	c := b.connect(t, token)
	c.say(`{"type":"join-tenant","tenantId":%q}`, tenant)
	c.expect("joined")
	return c
}

func (c *client) say(format string, args ...any) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatal(err)
	}
}

// next is the next message.
func (c *client) next() (m message) {
	c.t.Helper()
	kind, text, err := c.ReadMessage()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &m); err != nil || kind != websocket.TextMessage {
		c.t.Fatalf("%q: %v", text, err)
	}
	return m
}

// expect reads a message of a type.
func (c *client) expect(kind string) message {
	c.t.Helper()
	m := c.next()
	if m.Type != kind {
		c.t.Fatalf("got %+v, want %s", m, kind)
	}
	return m
}

// refused reads an error message with a code.
func (c *client) refused(code string) message {
	c.t.Helper()
	m := c.expect("error")
	if m.Code != code || m.Message == "" {
		c.t.Fatalf("got %+v, want the code %s", m, code)
	}
	return m
}

// ended reads until the close frame, leaving out messages of these types.
func (c *client) ended(code int, reason string, skip ...string) {
	c.t.Helper()
	for {
		_, text, err := c.ReadMessage()
		if err == nil {
			var m message
			if err := json.Unmarshal(text, &m); err != nil || !slices.Contains(skip, m.Type) {
				c.t.Fatalf("got %.200q, want close %d", text, code)
			}
			continue
		}
		closed, ok := errors.AsType[*websocket.CloseError](err)
		if !ok || closed.Code != code || !strings.HasPrefix(closed.Text, reason) {
			c.t.Fatalf("got %v, want close %d %s", err, code, reason)
		}
		return
	}
}
