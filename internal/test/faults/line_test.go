package faults_test

import (
	"context"
	"net"
	"sync"

	"rowcast/internal/test/raw"
)

// trunk is what many connections run over; it can be cut. While it is shut
// new ones have to wait.
type trunk struct {
	*raw.Valve
	mu    sync.Mutex
	conns []net.Conn
}

func newTrunk() *trunk { return &trunk{Valve: raw.NewValve()} }

func (k *trunk) dial(ctx context.Context, network, address string) (net.Conn, error) {
	select {
	case <-k.Opened():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.conns = append(k.conns, conn)
	}
	return conn, err
}

// cut resets all connections at once.
func (k *trunk) cut() (count int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	count = len(k.conns)
	for _, conn := range k.conns {
		raw.Reset(conn)
	}
	k.conns = nil
	return count
}

// fragile makes connections that are reset in the middle of a frame: of one of
// the client if write answers true, else after so many bytes as read answers.
type fragile struct {
	write func() bool
	read  func() int
}

func (f fragile) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &breaking{Conn: conn, torn: f.write(), left: f.read()}, nil
}

// breaking is a connection of fragile. One goroutine reads and writes.
type breaking struct {
	net.Conn
	torn   bool
	writes int
	left   int
}

func (c *breaking) Write(b []byte) (int, error) {
	if c.writes++; c.torn && c.writes == 2 { // the first is the handshake
		n, _ := c.Conn.Write(b[:len(b)/2])
		raw.Reset(c.Conn)
		return n, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func (c *breaking) Read(b []byte) (int, error) {
	if c.left <= 0 {
		raw.Reset(c.Conn)
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}
