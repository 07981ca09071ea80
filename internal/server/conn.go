package server

import (
	"net"
	"net/http"
	"sync"
	"time"

	"rowcast/internal/transport"
)

// piece is how much a client has to take within the time for it.
const piece = 64 << 10

// bounded is a listener each connection of which has a slot, and a bound for every
// write.
type bounded struct {
	net.Listener
	connect func(remote string) (leave func(), refused *transport.Problem)
	stall   time.Duration
}

// Accept implements net.Listener. One without a slot is refused, and is gone.
func (l *bounded) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		leave, refused := l.connect(inner.RemoteAddr().String())
		if refused == nil {
			return &conn{Conn: inner, stall: l.stall, leave: leave}, nil
		}
		// The buffer of a new connection is empty: this does not wait.
		_ = inner.SetWriteDeadline(time.Now().Add(l.stall))
		_, _ = inner.Write(refused.Response())
		_ = inner.Close()
	}
}

// conn is a connection until a transport takes it over. A write to a client that does
// not read fails after a while, whatever writes it.
type conn struct {
	net.Conn
	stall time.Duration
	leave func()

	mu sync.Mutex
	// by is the deadline that a handler has set.
	by time.Time
	// handed: a transport has taken it over, and bounds what it writes.
	handed bool
}

// Write writes piece by piece, with a time for each.
func (c *conn) Write(b []byte) (n int, err error) {
	for {
		if err := c.allow(); err != nil {
			return n, err
		}
		k, err := c.Conn.Write(b[n:min(len(b), n+piece)])
		if n += k; err != nil || n == len(b) {
			return n, err
		}
	}
}

// allow sets the deadline for a piece.
func (c *conn) allow() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.handed {
		return nil
	}
	by := time.Now().Add(c.stall)
	if !c.by.IsZero() && c.by.Before(by) {
		by = c.by
	}
	return c.Conn.SetWriteDeadline(by)
}

// SetWriteDeadline bounds writing beside the time for a piece.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = t
	if t.IsZero() && !c.handed { // the bound of a write under way stays
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Handed is the connection itself once a transport has taken it over, else nil.
func (c *conn) Handed() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.handed {
		return nil
	}
	return c.Conn
}

// handOver leaves bounds and slot to a transport.
func (c *conn) handOver() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handed = true
	_ = c.Conn.SetWriteDeadline(c.by) // a connection that refuses fails the first write
	c.leave()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.leave()
	return c.Conn.Close()
}

// taken learns from net/http what becomes of connections.
func taken(c net.Conn, state http.ConnState) {
	if ours, ok := c.(*conn); ok && state == http.StateHijacked {
		ours.handOver()
	}
}
