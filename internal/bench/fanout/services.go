package fanout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/bench/load"
	"rowcast/internal/bench/stage"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/mapping"
	"rowcast/internal/server"
	"rowcast/internal/transport"
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

// Start serves clients with tokens of the secret until the process ends, at the address
// that it returns.
func (h *Hub) Start(secret string, address *string) error {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	verifier, err := auth.New(ctx, auth.Options{Secret: []byte(secret), Log: log})
	if err != nil {
		return err
	}
	h.hub, err = hub.New(room.Options{History: h, Map: mapping.Append, Encoders: []signal.Encoder{ws.Encoder{}}, Log: log})
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
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for clients: %w", err)
	}
	*address = listener.Addr().String()
	public := server.Public(server.PublicOptions{WebSocket: sockets, Tickets: tickets, Gate: gate})
	var running errgroup.Group
	running.Go(func() error { return h.hub.Run(ctx) })
	running.Go(func() error { return server.Serve(ctx, listener, server.Options{Handler: public, Log: log}) })
	h.hub.Publish(nil, 0)
	h.hub.Live(true)
	return nil
}

// Publish makes changes of the tenant.
func (h *Hub) Publish(c Changes, late *time.Duration) (err error) {
	*late, err = c.each(func(count int64) error {
		for ; count > 0; count -= batch {
			h.publish(min(count, batch))
		}
		return nil
	})
	return err
}

// publish gives the hub changes of which it is the owner from then on.
func (h *Hub) publish(count int64) {
	h.mu.Lock()
	changes := make([]feed.Change, count)
	// About the size of an order.
	row := []byte(`{"id":4711,"tenant_id":"T","number":"SO-2026-004711","status":"open","total":"1299.90","note":"` + strings.Repeat("x", 60) + `"}`)
	now := time.Now()
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

// HubSide starts a process that offers a hub.
func HubSide(ctx context.Context, at *stage.Stage, s Settings) (*Side, error) {
	c, err := at.Start(ctx, "server")
	if err != nil {
		return nil, err
	}
	side := &Side{Name: "Rowcast", Process: c, Tenant: tenant, Method: "Hub.Publish", Burst: s.Burst}
	return side, c.Call(ctx, "Hub.Start", at.Secret, &side.Address)
}

// Bare is the service that writes to its connections, and does nothing else.
type Bare struct {
	mu    sync.Mutex
	conns []*os.File
}

// Listen accepts a number of connections, on an address that it returns.
func (b *Bare) Listen(connections int, address *string) error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for bare connections: %w", err)
	}
	*address = listener.Addr().String()
	b.mu.Lock() // until all are there, so that Write waits for them
	go func() {
		defer b.mu.Unlock()
		defer func() { _ = listener.Close() }()
		for range connections {
			conn, err := listener.Accept()
			if err != nil {
				return // the clients miss events
			}
			file, err := conn.(*net.TCPConn).File() // blocks in write(2)
			if errors.Join(err, conn.Close()) != nil {
				return
			}
			b.conns = append(b.conns, file)
		}
	}()
	return nil
}

// Write writes frames that count as events, one write(2) for each connection
// and change.
func (b *Bare) Write(c Changes, late *time.Duration) (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	frame := load.EventFrame(c.Bytes)
	files := make([]int, len(b.conns))
	for i, conn := range b.conns {
		files[i] = int(conn.Fd())
	}
	*late, err = c.each(func(count int64) error {
		for range count {
			for _, file := range files {
				for rest := frame; len(rest) > 0; {
					n, err := syscall.Write(file, rest)
					if err != nil && !errors.Is(err, syscall.EINTR) {
						return fmt.Errorf("write to a bare connection: %w", err)
					}
					rest = rest[max(n, 0):]
				}
			}
		}
		return nil
	})
	return err
}
