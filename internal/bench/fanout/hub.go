package fanout

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/load"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/mapping"
	"rowcast/internal/server"
	"rowcast/internal/transport"
	"rowcast/internal/transport/socketio"
	"rowcast/internal/transport/ws"
)

const (
	feedName = "bench"
	nonce    = 1e12
	// batch is how many changes the hub gets at once in a burst.
	batch = 500
)

// Hub is a service that has changes go straight into a hub. Mapping, hub, transport and
// authentication are those of rowcast serve; only the change log is missing.
type Hub struct {
	hub *hub.Hub

	mu       sync.Mutex
	position int64
}

// HubArgs says which tokens are good, and how many connections are to come.
type HubArgs struct {
	Secret      string
	Connections int
}

// Start serves clients until the process ends, at the address that it answers.
func (h *Hub) Start(args HubArgs, address *string) error {
	if err := load.NeedFiles(args.Connections); err != nil {
		return err
	}
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	verifier, err := auth.New(ctx, auth.Options{Secret: []byte(args.Secret), Log: log})
	if err != nil {
		return err
	}
	encoders := append([]signal.Encoder{ws.Encoder{}}, socketio.Encoders()...)
	h.hub, err = hub.New(room.Options{History: h, Map: mapping.Append, Encoders: encoders, Log: log})
	if err != nil {
		return err
	}
	tickets := new(auth.Tickets)
	gate, err := transport.NewGate(transport.GateOptions{Origin: origin.Origins{}.Allowed, Draining: h.hub.Draining, Verify: verifier.Verify, Redeem: tickets.Redeem})
	if err != nil {
		return err
	}
	sockets, err := ws.NewHandler(ws.Options{Hub: h.hub, Gate: gate})
	if err != nil {
		return err
	}
	socketIOs, err := socketio.NewHandler(socketio.Options{Hub: h.hub, Gate: gate, Log: log})
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for clients: %w", err)
	}
	*address = listener.Addr().String()
	public := server.Public(server.PublicOptions{
		WebSocket: sockets, SocketIO: socketIOs, Tickets: tickets, Gate: gate,
	})
	var running errgroup.Group
	running.Go(func() error { return h.hub.Run(ctx) })
	running.Go(func() error { return server.Serve(ctx, listener, server.Options{Handler: public, Log: log}) })
	h.hub.Publish(nil, 0)
	h.hub.Live(true)
	return nil
}

// HubChanges says what to publish, and of which tenant.
type HubChanges struct {
	Tenant  string
	Changes Changes
}

// Publish makes changes.
func (h *Hub) Publish(args HubChanges, late *time.Duration) (err error) {
	*late, err = args.Changes.Each(context.Background(), func(count int64) error {
		for ; count > 0; count -= batch {
			h.publish(args.Tenant, min(count, batch))
		}
		return nil
	})
	return err
}

// publish gives the hub changes of which it is the owner from then on.
func (h *Hub) publish(tenant string, count int64) {
	h.mu.Lock()
	changes := make([]feed.Change, count)
	now, row := time.Now(), exampleRow()
	for i := range changes {
		h.position++
		changes[i] = feed.Change{
			Epoch: feedName, Tenant: tenant, From: h.position, Position: h.position, Nonce: nonce, Table: "measured", Name: "measured",
			Op: feed.Insert, After: row, At: now, Tx: uint64(h.position), Writer: "bench",
		}
	}
	sequence := h.position
	h.mu.Unlock()
	h.hub.Publish(changes, sequence)
}

// exampleRow is about the size of an order.
func exampleRow() []byte {
	return []byte(`{"id":4711,"tenant_id":"T","number":"SO-2026-004711","status":"open","total":"1299.90","note":"` +
		strings.Repeat("x", 60) + `"}`)
}

// Head is the newest position of the one tenant.
func (h *Hub) Head(context.Context, string, int64) (feed.Head, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return feed.Head{Epoch: feedName, Position: h.position, Nonce: nonce}, nil
}

// After has nothing to answer with.
func (*Hub) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, feed.ErrDiverged
}

// HubSide is the side of a process that offers a hub, with clients of a tenant.
func HubSide(ctx context.Context, c *child.Child, tenant string, args HubArgs) (*Side, error) {
	s := &Side{Name: "Rowcast", Process: c}
	s.Publish = func(ctx context.Context, changes Changes) (late time.Duration, err error) {
		return late, c.Call(ctx, "Hub.Publish", HubChanges{tenant, changes}, &late)
	}
	return s, c.Call(ctx, "Hub.Start", args, &s.Address)
}
