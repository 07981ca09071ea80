package changelog_test

import (
	"encoding/binary"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
)

// proxy forwards connections to a server until it is told to hold their bytes
// back: then both ends keep a connection that is silent.
type proxy struct {
	t        *testing.T
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu    sync.Mutex
	wires map[int]*wire // by the port that the server sees
}

// wire is one connection. Closing frozen stops it.
type wire struct {
	client, server net.Conn
	frozen         chan struct{}
}

// newProxy returns a DSN through a proxy.
func newProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, listener: listener, target: u.Host, wires: make(map[int]*wire)}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	u.Host = listener.Addr().String()
	return p, u.String()
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for _, w := range p.wires {
		_ = w.client.Close()
		_ = w.server.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{}).DialContext(p.t.Context(), "tcp", p.target)
		if err != nil {
			_ = client.Close()
			if !errors.Is(err, p.t.Context().Err()) {
				p.t.Errorf("proxy: %v", err)
			}
			continue
		}
		w := &wire{client: client, server: server, frozen: make(chan struct{})}
		p.mu.Lock()
		p.wires[server.LocalAddr().(*net.TCPAddr).Port] = w
		p.mu.Unlock()
		p.running.Go(func() { w.forward(client, server) })
		p.running.Go(func() { w.forward(server, client) })
	}
}

// forward passes bytes on until one end closes, or the wire is frozen.
func (w *wire) forward(to, from net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		select {
		case <-w.frozen:
			return
		default:
		}
		if err == nil {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
	}
}

// inject sends a query to the server in the place of the client, which must be
// waiting for messages.
func (p *proxy) inject(t *testing.T, port int, query string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.wires[port]
	if !ok {
		t.Fatalf("no connection comes from port %d", port)
	}
	message := binary.BigEndian.AppendUint32([]byte{'Q'}, uint32(4+len(query)+1))
	if _, err := w.server.Write(append(append(message, query...), 0)); err != nil {
		t.Fatal(err)
	}
}

// freeze silences the connection that the server sees at a port.
func (p *proxy) freeze(t *testing.T, port int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.wires[port]
	if !ok {
		t.Fatalf("no connection comes from port %d", port)
	}
	close(w.frozen)
}
