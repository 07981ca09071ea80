package servetest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy is an address that leads to a server. A client that connects while that is away
// is cut off.
type Proxy struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu     sync.Mutex
	target string
	conns  map[net.Conn]struct{}
	closed bool
}

// NewProxy opens a proxy until the test ends.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("servetest: %v", err)
	}
	d := &Proxy{listener: listener, target: target, conns: make(map[net.Conn]struct{})}
	d.wg.Go(d.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		d.mu.Lock()
		d.closed = true
		d.mu.Unlock()
		d.Cut()
		d.wg.Wait()
	})
	return d
}

// Address is where clients connect to, as host and port.
func (d *Proxy) Address() string { return d.listener.Addr().String() }

// Lead has new connections go to another server.
func (d *Proxy) Lead(target string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.target = target
}

// Cut resets every connection that goes through the proxy, and says how many
// clients had one.
func (d *Proxy) Cut() (count int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	count = len(d.conns) / 2
	for conn := range d.conns {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	return count
}

func (d *Proxy) accept() {
	for {
		outside, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.wg.Go(func() { d.pass(outside) })
	}
}

// pass carries bytes both ways until one side has ended.
func (d *Proxy) pass(outside net.Conn) {
	defer func() { _ = outside.Close() }()
	d.mu.Lock()
	target := d.target
	d.mu.Unlock()
	inside, err := new(net.Dialer).DialContext(context.Background(), "tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = inside.Close() }()
	if !d.keep(outside, inside) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { carry(inside, outside) })
	carry(outside, inside)
	both.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, outside)
	delete(d.conns, inside)
}

// keep notes connections that can be cut. It returns false once the proxy is closed.
func (d *Proxy) keep(conns ...net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range conns {
		d.conns[conn] = struct{}{}
	}
	return !d.closed
}

// carry copies until from ends, and then ends to.
func carry(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if tcp, ok := to.(*net.TCPConn); ok && err == nil {
		_ = tcp.CloseWrite()
		return
	}
	_ = to.Close()
}
