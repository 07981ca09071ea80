package raw

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// buffer is what a connection of a slow client keeps, in bytes.
const buffer = 16 << 10

// DialSmall makes a connection with a small buffer, so that it is soon felt when
// nobody reads.
func DialSmall(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		controlErr := raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, buffer)
		})
		return errors.Join(err, controlErr)
	}}
	return dialer.DialContext(ctx, network, address)
}

// Reset closes a connection with a reset, whatever is still on its way.
func Reset(conn net.Conn) {
	if within, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = within.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Valve is open or shut. Connections that it makes are not read from while it
// is shut.
type Valve struct {
	mu   sync.Mutex
	open chan struct{}
}

// NewValve makes one that is open.
func NewValve() *Valve {
	v := &Valve{open: make(chan struct{})}
	close(v.open)
	return v
}

// Opened is closed while the valve is open.
func (v *Valve) Opened() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.open
}

// Turn makes connections that need it open wait, or go on.
func (v *Valve) Turn(open bool) {
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

// Dial makes a connection with a small buffer.
func (v *Valve) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := DialSmall(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &valved{conn, v}, nil
}

type valved struct {
	net.Conn
	valve *Valve
}

func (c *valved) NetConn() net.Conn { return c.Conn }

func (c *valved) Read(b []byte) (int, error) {
	<-c.valve.Opened()
	return c.Conn.Read(b)
}

// Allowance is what clients may read.
type Allowance struct {
	mu          sync.Mutex
	more        sync.Cond
	left, given int64
	// rate, if not 0, is what may be read in a second instead.
	rate int64
}

// NewAllowance makes one of nothing, or of so many bytes a second.
func NewAllowance(rate int64) *Allowance {
	a := &Allowance{rate: rate}
	a.more.L = &a.mu
	return a
}

// Raise lets the clients have read so much since the beginning.
func (a *Allowance) Raise(total int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if total > a.given {
		a.left += total - a.given
		a.given = total
		a.more.Broadcast()
	}
}

// spend waits until what was read may have been.
func (a *Allowance) spend(n int) {
	if a.rate > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(a.rate))
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left -= int64(n)
	for a.left < 0 {
		a.more.Wait()
	}
}

// Dial makes a connection with a small buffer.
func (a *Allowance) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := DialSmall(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &slowed{conn, a}, nil
}

type slowed struct {
	net.Conn
	allowance *Allowance
}

func (c *slowed) NetConn() net.Conn { return c.Conn }

func (c *slowed) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b[:min(len(b), buffer)])
	c.allowance.spend(n)
	return n, err
}
