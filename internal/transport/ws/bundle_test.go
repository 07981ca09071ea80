package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"rowcast/internal/access/auth"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a server for one test.
type bundle struct {
	hub *hub.Hub
	url string // ws://…
	// dial replaces the network in tests of time.
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu       sync.Mutex
	tickets  map[string]auth.Identity
	verified int

	publish  sync.Mutex
	position map[string]int64
}

// verify knows tokens of the form subject/tenant,tenant/lifetime.
func (b *bundle) verify(_ context.Context, token string) (auth.Identity, error) {
	b.mu.Lock()
	b.verified++
	b.mu.Unlock()
	switch token {
	case "expired":
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrExpired)
	case "unavailable":
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrUnavailable)
	}
	part := strings.Split(token, "_")
	if len(part) != 3 {
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
	}
	life, err := time.ParseDuration(part[2])
	if err != nil {
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
	}
	return auth.Identity{Subject: part[0], Tenants: strings.Split(part[1], "-"), Expires: time.Now().Add(life)}, nil
}

func (b *bundle) redeem(ticket string) (auth.Identity, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id, ok := b.tickets[ticket]
	delete(b.tickets, ticket)
	return id, ok
}

// setup starts a server on a listener, or on the loopback if that is nil. It
// stops with the test.
func setup(t testing.TB, listener net.Listener, change func(*room.Options, *ws.Options)) *bundle {
	t.Helper()
	b := &bundle{
		tickets:  map[string]auth.Identity{"ticket": {Subject: "ann", Tenants: []string{"T"}, Expires: time.Now().Add(time.Hour)}},
		position: map[string]int64{},
	}
	ho := room.Options{History: noHistory{}, Map: oneEvent, Encoders: []signal.Encoder{ws.Encoder{}}}
	wo := ws.Options{Gate: servetest.Gate(t, transport.GateOptions{
		Verify: b.verify, Redeem: b.redeem, Draining: func() bool { return b.hub.Draining() },
		Origin: func(r *http.Request) bool { return r.Header.Get("Origin") != "https://evil.example" },
	})}
	if change != nil {
		change(&ho, &wo)
	}
	var err error
	if b.hub, err = hub.New(ho); err != nil {
		t.Fatal(err)
	}
	wo.Hub = b.hub
	handler, err := ws.NewHandler(wo)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.hub.Run(ctx)
	}()
	b.hub.Publish(nil, 0)
	b.hub.Live(true)
	server := httptest.NewUnstartedServer(handler)
	if listener != nil {
		_ = server.Listener.Close()
		server.Listener = listener
	}
	server.Start()
	b.url = "ws" + strings.TrimPrefix(server.URL, "http")
	stop := func() {
		cancel()
		<-done
		if err := handler.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	}
	t.Cleanup(stop)
	return b
}

// event publishes one event of a tenant.
func (b *bundle) event(tenant, data string) {
	b.publish.Lock()
	defer b.publish.Unlock()
	b.position[tenant]++
	p := b.position[tenant]
	text, _ := json.Marshal(map[string]string{"text": data})
	b.hub.Publish([]feed.Change{{
		Epoch: "f1", Tenant: tenant, From: p, Position: p, Nonce: 1e12, After: text, At: time.Unix(1e9, 123456789),
	}}, p)
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

// problem reads a problem document.
func problem(t *testing.T, response *http.Response) (code, detail string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if ct := response.Header.Get("Content-Type"); ct != "application/problem+json" ||
		p.Status != response.StatusCode || p.Type != "urn:rowcast:error:"+p.Code || p.Title == "" || p.Detail == "" {
		t.Fatalf("no problem document: %s %s", ct, body)
	}
	return p.Code, p.Detail
}
