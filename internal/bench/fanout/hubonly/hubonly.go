// Package hubonly is a server without a database: changes go straight into the
// hub, to measure fan-out alone. Mapping, hub, transport and authentication are
// those of rowcast serve; only the change log is missing.
//
// # Guarantees
//
//   - Clients join as at a real server and receive every change once
//     (TestEveryClientReceivesEveryEvent).
//
// # Failures
//
// A resuming client is told that its history has diverged: there is none.
package hubonly

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"rowcast/internal/auth"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
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
	// unheard is a tenant that no token names.
	unheard = "nobody"
)

// Hub is the service. Its changes may have any number of tenants.
type Hub struct {
	hub *hub.Hub

	mu        sync.Mutex
	positions map[string]int64
	sequence  int64
}

// StartArgs configures the server.
type StartArgs struct {
	// Secret signs the tokens of clients.
	Secret string
	// Connections is how many are to come.
	Connections int
}

// Start serves clients until the process ends, at the address that it answers.
func (h *Hub) Start(args StartArgs, address *string) error {
	if err := fanout.NeedFiles(args.Connections); err != nil {
		return err
	}
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	verifier, err := auth.New(ctx, auth.Options{Secret: []byte(args.Secret), Log: log})
	if err != nil {
		return err
	}
	h.positions = make(map[string]int64)
	encoders := append([]hub.Encoder{ws.Encoder{}}, socketio.Encoders()...)
	h.hub, err = hub.New(hub.Options{History: h, Map: mapping.Append, Encoders: encoders, Log: log})
	if err != nil {
		return err
	}
	tickets := new(auth.Tickets)
	origins, err := auth.NewOrigins("", "")
	if err != nil {
		return err
	}
	gate := &transport.Gate{Origin: origins.Allowed, Draining: h.hub.Draining, Verify: verifier.Verify, Redeem: tickets.Redeem}
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

// PublishArgs says what to publish, and the tenants that change in turns.
type PublishArgs struct {
	Tenants []string
	Changes fanout.Changes
}

// Publish makes changes.
func (h *Hub) Publish(args PublishArgs, done *fanout.Published) error {
	return args.Changes.Each(func(first, count int64) error {
		for ; count > 0; first, count = first+batch, count-batch {
			h.publish(args.Tenants, first, min(count, batch))
		}
		return nil
	}, done)
}

// PublishUnheard makes changes of a tenant that nobody has joined.
func (h *Hub) PublishUnheard(count int64, _ *child.Nothing) error {
	for ; count > 0; count -= batch {
		h.publish([]string{unheard}, 0, min(count, batch))
	}
	return nil
}

// Events is how many were encoded.
func (h *Hub) Events(_ child.Nothing, events *int64) error {
	*events = h.hub.Stats().Events
	return nil
}

// publish gives the hub changes of which it is the owner from then on.
func (h *Hub) publish(tenants []string, first, count int64) {
	h.mu.Lock()
	changes := make([]feed.Change, count)
	now, row := time.Now(), exampleRow()
	for i := range changes {
		tenant := tenants[(first+int64(i))%int64(len(tenants))]
		h.positions[tenant]++
		position := h.positions[tenant]
		changes[i] = feed.Change{
			Epoch: feedName, Tenant: tenant, From: position, Position: position, Nonce: nonce, Table: "measured", Name: "measured",
			Op: feed.Insert, After: row, At: now, Tx: uint64(h.sequence), Writer: "bench",
		}
	}
	h.sequence += count
	sequence := h.sequence
	h.mu.Unlock()
	h.hub.Publish(changes, sequence)
}

// exampleRow is about the size of an order.
func exampleRow() []byte {
	return []byte(`{"id":4711,"tenant_id":"T","number":"SO-2026-004711","status":"open","total":"1299.90","note":"` +
		strings.Repeat("x", 60) + `"}`)
}

// Head is the newest position of a tenant.
func (h *Hub) Head(_ context.Context, tenant string, _ int64) (feed.Head, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if position := h.positions[tenant]; position > 0 {
		return feed.Head{Epoch: feedName, Position: position, Nonce: nonce}, nil
	}
	return feed.Head{Epoch: feedName}, nil
}

// After has nothing to answer with.
func (*Hub) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, feed.ErrDiverged
}
