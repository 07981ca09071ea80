package faults_test

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// dialFunc makes a connection of a client.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// trunk is what many connections run over; it can be cut. While it is shut
// new ones have to wait.
type trunk struct {
	*valve
	mu    sync.Mutex
	conns []net.Conn
}

func newTrunk() *trunk { return &trunk{valve: newValve()} }

func (k *trunk) dial(ctx context.Context, network, address string) (net.Conn, error) {
	select {
	case <-k.opened():
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
		reset(conn)
	}
	k.conns = nil
	return count
}

// reset closes a connection with a reset, whatever is still on its way.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// valve is open or shut. Connections that it makes are not read from while it
// is shut; they have a small buffer, so that this is soon felt.
type valve struct {
	mu   sync.Mutex
	open chan struct{}
}

func newValve() *valve {
	v := &valve{open: make(chan struct{})}
	close(v.open)
	return v
}

// opened is closed while the valve is open.
func (v *valve) opened() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.open
}

// turn has those who need it open wait, or go on.
func (v *valve) turn(open bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.open:
		if !open {
			v.open = make(chan struct{})
		}
	default:
		if open {
			close(v.open)
		}
	}
}

func (v *valve) dial(ctx context.Context, network, address string) (net.Conn, error) {
	const bytes = 16 << 10
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		controlErr := raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, bytes)
		})
		if controlErr != nil {
			return controlErr
		}
		return err
	}}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &valved{conn, v}, nil
}

// valved is a connection behind a valve.
type valved struct {
	net.Conn
	valve *valve
}

func (c *valved) Read(b []byte) (int, error) {
	<-c.valve.opened()
	return c.Conn.Read(b)
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
		reset(c.Conn)
		return n, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func (c *breaking) Read(b []byte) (int, error) {
	if c.left <= 0 {
		reset(c.Conn)
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}
