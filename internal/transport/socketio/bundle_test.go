package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/access/auth"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/socketio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a server for one test.
type bundle struct {
	*httptest.Server
	hub *hub.Hub
	// tickets counts those that were redeemed.
	tickets  atomic.Int64
	position map[string]int64
}

// verify knows tokens of the form subject_tenant-tenant_lifetime.
func verify(_ context.Context, token string) (auth.Identity, error) {
	part := strings.Split(token, "_")
	if token == "expired" {
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrExpired)
	}
	if len(part) != 3 {
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
	}
	life, err := time.ParseDuration(part[2])
	if err != nil {
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
	}
	return auth.Identity{Subject: part[0], Tenants: strings.Split(part[1], "-"), Expires: time.Now().Add(life)}, nil
}

// shortHistory says that whatever the rings do not hold has expired.
type shortHistory struct{}

func (shortHistory) Head(context.Context, string, int64) (feed.Head, error) {
	return feed.Head{Epoch: "f1"}, nil
}

func (shortHistory) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, feed.ErrExpired
}

func oneEvent(dst []feed.Event, c *feed.Change) []feed.Event {
	return append(dst, feed.Event{
		Name: c.Name, Tenant: c.Tenant, Position: c.Position, Data: c.After, At: c.At,
		Cursor: feed.Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce},
	})
}

// setup starts a server that stops with the test.
func setup(t *testing.T, recovery bool, change ...func(*room.Options)) *bundle {
	t.Helper()
	b := &bundle{position: map[string]int64{}}
	options := room.Options{
		History: shortHistory{}, Map: oneEvent,
		Encoders: socketio.Encoders(),
	}
	for _, f := range change {
		f(&options)
	}
	var err error
	b.hub, err = hub.New(options)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := socketio.NewHandler(socketio.Options{
		Hub: b.hub, Recovery: recovery, Gate: servetest.Gate(t, transport.GateOptions{Verify: verify, Draining: b.hub.Draining, Redeem: func(ticket string) (auth.Identity, bool) {
			id := auth.Identity{Subject: "ann", Tenants: []string{"T"}, Expires: time.Now().Add(time.Hour)}
			return id, ticket == "ticket" && b.tickets.Add(1) == 1
		}, Origin: func(r *http.Request) bool { return r.Header.Get("Origin") != "https://evil.example" }}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.hub.Run(ctx) }()
	b.hub.Publish(nil, 0)
	b.hub.Live(true)
	b.Server = httptest.NewServer(handler)
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, handler.Wait(context.Background())); err != nil {
			t.Error(err)
		}
		b.Client().CloseIdleConnections()
		b.Close()
	})
	return b
}

// event publishes one event of a tenant.
func (b *bundle) event(tenant, name, data string) {
	b.position[tenant]++
	p := b.position[tenant]
	b.hub.Publish([]feed.Change{{
		Epoch: "f1", Tenant: tenant, From: p, Position: p, Nonce: 1e12, Name: name, After: json.RawMessage(data), At: time.Unix(1e9, 0),
	}}, p)
}

// client is one on a WebSocket.
type client struct {
	*raw.Packets
	t *testing.T
}

// open opens a session.
func (b *bundle) open(t *testing.T, query string, header http.Header) *client {
	t.Helper()
	c := &client{raw.DialPackets(t, "ws"+strings.TrimPrefix(b.URL, "http")+"/socket.io/?EIO=4&transport=websocket"+query, header), t}
	if opened := c.Next(); !strings.HasPrefix(opened, `0{"sid":`) {
		t.Fatal(opened)
	}
	return c
}

// connect opens a session and connects with auth.
func (b *bundle) connect(t *testing.T, auth string) *client {
	t.Helper()
	c := b.open(t, "", nil)
	c.Send("40" + auth)
	return c
}

// accepted reads that the client was accepted, and gives its pid.
func (c *client) accepted() (pid string) {
	c.t.Helper()
	_, pid = c.named()
	return pid
}

// named is accepted with the id of the socket.
func (c *client) named() (id, pid string) {
	c.t.Helper()
	text := c.Next()
	var a struct{ SID, PID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "40")), &a); err != nil || a.SID == "" {
		c.t.Fatalf("got %q: %v", text, err)
	}
	return a.SID, a.PID
}

// wantPart looks for parts in the next packet.
func (c *client) wantPart(parts ...string) {
	c.t.Helper()
	got := c.Next()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			c.t.Fatalf("got %s, without %s", got, part)
		}
	}
}
