package servetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
)

// Handler is a transport over HTTP. Wait returns when its clients are gone.
type Handler interface {
	http.Handler
	Wait(ctx context.Context) error
}

// Bundle is a gate and a hub behind an HTTP server in this process, without a
// database. The gate knows the tokens of [Verify], one ticket "ticket" of ann for
// the tenant T, and the page https://app.example.
type Bundle struct {
	*httptest.Server
	Hub  *hub.Hub
	Gate *transport.Gate
	// Verified and Redeemed count the credentials that were looked at.
	Verified, Redeemed atomic.Int64

	mu sync.Mutex
	// Positions are those of the newest events of the tenants.
	Positions map[string]int64
}

// NewBundle serves on a listener, or on the loopback if that is nil, until the
// test ends. The handler may change Config. Without other options of the hub,
// tenants have no past, each change is one event, and the wire is silent.
func NewBundle(t testing.TB, o room.Options, listener net.Listener, handler func(b *Bundle) (Handler, error)) *Bundle {
	t.Helper()
	b := &Bundle{Server: httptest.NewUnstartedServer(nil), Positions: map[string]int64{}}
	if o.History == nil {
		o.History = NoPast{}
	}
	if o.Map == nil {
		o.Map = OneEvent
	}
	if o.Encoders == nil {
		o.Encoders = []signal.Encoder{Silent{}}
	}
	origins, err := origin.New("https://app.example")
	if err != nil {
		t.Fatal(err)
	}
	if b.Hub, err = hub.New(o); err != nil {
		t.Fatal(err)
	}
	b.Gate = Gate(t, transport.GateOptions{Origin: origins.Allowed, Draining: b.Hub.Draining, Verify: b.verify, Redeem: b.redeem})
	h, err := handler(b)
	if err != nil {
		t.Fatal(err)
	}
	stop := Run(b.Hub)
	if listener != nil {
		_ = b.Listener.Close()
		b.Listener = listener
	}
	b.Config.Handler = origin.NewCORS(origins.Allowed).Handler(h)
	b.Start()
	t.Cleanup(func() {
		if err := errors.Join(stop(), h.Wait(context.Background())); err != nil {
			t.Error(err)
		}
		b.Client().CloseIdleConnections()
		b.Close()
	})
	return b
}

// Run runs a hub with a feed that is live and empty, until stop is called.
func Run(h *hub.Hub) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.Publish(nil, 0)
	h.Live(true)
	return func() error {
		cancel()
		return <-done
	}
}

// Publish publishes one change of a tenant.
func (b *Bundle) Publish(tenant, name, row string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Positions[tenant]++
	p := b.Positions[tenant]
	b.Hub.Publish([]feed.Change{{
		Epoch: "f1", Tenant: tenant, From: p, Position: p, Nonce: 1e12, Name: name, After: []byte(row), At: time.Unix(1e9, 123456789),
	}}, p)
}

func (b *Bundle) verify(ctx context.Context, token string) (auth.Identity, error) {
	b.Verified.Add(1)
	return Verify(ctx, token)
}

func (b *Bundle) redeem(ticket string) (auth.Identity, bool) {
	if ticket != "ticket" || b.Redeemed.Add(1) > 1 {
		return auth.Identity{}, false
	}
	return auth.Identity{Subject: "ann", Tenants: []string{"T"}, Expires: time.Now().Add(time.Hour)}, true
}

// Verify knows tokens of the form subject_tenant-tenant_lifetime, "expired" and
// "unavailable". Every other one is forged.
func Verify(_ context.Context, token string) (auth.Identity, error) {
	part := strings.Split(token, "_")
	switch {
	case token == "expired":
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrExpired)
	case token == "unavailable":
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrUnavailable)
	case len(part) != 3:
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
	}
	life, err := time.ParseDuration(part[2])
	if err != nil {
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
	}
	tenants := strings.FieldsFunc(part[1], func(r rune) bool { return r == '-' })
	return auth.Identity{Subject: part[0], Tenants: tenants, Expires: time.Now().Add(life)}, nil
}

// NoPast is the history of tenants that had no change before.
type NoPast struct{}

// Head implements room.History.
func (NoPast) Head(context.Context, string, int64) (feed.Head, error) {
	return feed.Head{Epoch: "f1"}, nil
}

// After implements room.History.
func (NoPast) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, feed.ErrDiverged
}

// OneEvent maps a change to an event of its name.
func OneEvent(dst []feed.Event, c *feed.Change) []feed.Event {
	return append(dst, feed.Event{
		Name: c.Name, Tenant: c.Tenant, Position: c.Position, At: c.At, Data: c.After,
		Cursor: feed.Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce},
		Source: feed.Source{Table: "orders", Op: "insert", Tx: "7391", Writer: "psql"},
	})
}
