package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/mapping"
	"rowcast/internal/server"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/history"
	"rowcast/internal/transport/socketio"
	"rowcast/internal/transport/sse"
	"rowcast/internal/transport/ws"
	"rowcast/internal/web"
)

// large is a history whose pages are large.
type large struct{}

func (large) Head(context.Context, string, int64) (feed.Head, error) {
	return feed.Head{Epoch: "f"}, nil
}

func (large) Oldest(context.Context, string) (feed.Cursor, error) {
	return feed.Cursor{Epoch: "f"}, nil
}

func (large) After(_ context.Context, tenant string, c feed.Cursor, _ int) (feed.Page, error) {
	n := c.Position + 1
	row := []byte(`{"text":"` + strings.Repeat("x", 900_000) + `"}`)
	return feed.Page{Changes: []feed.Change{{
		Epoch: "f", Tenant: tenant, From: n, Position: n, Nonce: 1, Name: "order", Op: feed.Insert, After: row,
	}}, More: true}, nil
}

// whole is a public listener with everything on it, as serve makes it.
func whole(t *testing.T, pages bool) http.Handler {
	t.Helper()
	verifier, err := auth.New(t.Context(), auth.Options{Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	origins, err := origin.New("https://app.example")
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.New(room.Options{History: large{}, Map: mapping.Append, Encoders: append([]signal.Encoder{ws.Encoder{}, sse.Encoder{}}, socketio.Encoders()...)})
	if err != nil {
		t.Fatal(err)
	}
	stop := servetest.Run(h)
	tickets := new(auth.Tickets)
	gate := servetest.Gate(t, transport.GateOptions{Origin: origins.Allowed, Draining: h.Draining, Verify: verifier.Verify, Redeem: tickets.Redeem})
	sockets, err1 := ws.NewHandler(ws.Options{Hub: h, Gate: gate})
	socketIO, err2 := socketio.NewHandler(socketio.Options{Hub: h, Gate: gate})
	events, err3 := sse.NewHandler(sse.Options{Hub: h, Gate: gate})
	rows, err4 := history.NewHandler(history.Options{Source: large{}, Map: mapping.Append, Gate: gate})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(stop(), sockets.Wait(context.Background()), socketIO.Wait(context.Background()), events.Wait(context.Background())); err != nil {
			t.Error(err)
		}
	})
	o := server.PublicOptions{
		WebSocket: sockets, SocketIO: socketIO, Events: events, History: rows, Tickets: tickets, Gate: gate,
	}
	if pages {
		if o.Pages, err = web.Handler(); err != nil {
			t.Fatal(err)
		}
	}
	return server.Public(o)
}

// counted counts the connections that are open.
type counted struct {
	net.Listener
	open sync.WaitGroup
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(c.open.Done)}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

// serveCounted serves until the test ends.
func serveCounted(t *testing.T, o server.Options) *counted {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{Listener: listener}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	o.Log = slog.New(slog.DiscardHandler)
	go func() { served <- server.Serve(ctx, c, o) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return c
}

// TestUnreadAnswersEndTheConnection has clients send requests of every kind, one
// after the other, and read nothing. Each loses its connection: what it sends is
// refused, and no connection stays open.
func TestUnreadAnswersEndTheConnection(t *testing.T) {
	t.Parallel()
	token, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: "me", Tenants: []string{"T"}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	bearer := "Authorization: Bearer " + token + "\r\n"
	plain := serveCounted(t, server.Options{Handler: whole(t, false), Stall: 100 * time.Millisecond})
	pages := serveCounted(t, server.Options{Handler: whole(t, true), Stall: 100 * time.Millisecond})
	operators := serveCounted(t, server.Options{Stall: 100 * time.Millisecond, Handler: server.Admin(server.AdminOptions{
		Problems: func() []server.Problem { return nil }, Status: func(context.Context) any { return 1 }, Metrics: http.NotFoundHandler(),
	})})
	for name, test := range map[string]struct {
		listener *counted
		request  string
	}{
		"a path without anything":      {plain, "GET /nowhere HTTP/1.1\r\n"},
		"a method not taken":           {plain, "DELETE /tickets HTTP/1.1\r\n"},
		"what a browser asks first":    {plain, "OPTIONS /history HTTP/1.1\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: GET\r\n"},
		"everything's options":         {plain, "OPTIONS * HTTP/1.1\r\n"},
		"a ticket":                     {plain, "POST /tickets HTTP/1.1\r\nContent-Length: 0\r\n" + bearer},
		"a ticket without a token":     {plain, "POST /tickets HTTP/1.1\r\nContent-Length: 0\r\n"},
		"history":                      {plain, "GET /history HTTP/1.1\r\n" + bearer},
		"history without a token":      {plain, "GET /history HTTP/1.1\r\n"},
		"events without a token":       {plain, "GET /events HTTP/1.1\r\n"},
		"a WebSocket that is none":     {plain, "GET /ws HTTP/1.1\r\n"},
		"polling handshakes":           {plain, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"},
		"polling of no session":        {plain, "GET /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\n"},
		"an expectation":               {plain, "POST /tickets HTTP/1.1\r\nContent-Length: 0\r\nExpect: 100-continue\r\n"},
		"pages":                        {pages, "GET /orders HTTP/1.1\r\n"},
		"files that are not there":     {pages, "GET /nothing.js HTTP/1.1\r\n"},
		"what is for operators":        {operators, "GET /status HTTP/1.1\r\n"},
		"the stacks of all goroutines": {operators, "GET /debug/pprof/goroutine?debug=2 HTTP/1.1\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dialSmall(t, test.listener.Addr().String())
			requests := []byte(strings.Repeat(test.request+"Host: localhost\r\n\r\n", 50))
			for {
				_ = conn.SetWriteDeadline(time.Now().Add(timeout))
				if _, err := conn.Write(requests); err != nil {
					if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
						t.Errorf("still connected after %s", timeout)
					}
					break
				}
			}
		})
	}
	t.Cleanup(func() {
		for _, l := range []*counted{plain, pages, operators} {
			l.open.Wait() // the test ends if none stays
		}
	})
}

// dialSmall connects with a small buffer.
func dialSmall(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := raw.DialSmall(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestSlowReadersAreServed: a client that takes 64 KiB within the time for it, again
// and again, is served however long that takes; one that takes less is not.
func TestSlowReadersAreServed(t *testing.T) {
	t.Parallel()
	const piece, pieces = 64 << 10, 20
	for each, served := range map[time.Duration]bool{9 * time.Second: true, 11 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			listener := raw.NewPipes()
			handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, piece*pieces)) })
			done := make(chan error, 1)
			go func() {
				done <- server.Serve(ctx, listener, server.Options{Handler: handler, Log: slog.New(slog.DiscardHandler)})
			}()
			client, _ := listener.Dial(ctx, "", "")
			if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			r, err := http.ReadResponse(bufio.NewReaderSize(client, 16), nil)
			if err != nil {
				t.Fatal(err)
			}
			total := 0
			for buffer := make([]byte, piece); err == nil; {
				time.Sleep(each)
				var n int
				n, err = io.ReadFull(r.Body, buffer)
				total += n
			}
			if (total == piece*pieces) != served {
				t.Errorf("a client that takes %d bytes in %s gets %d of %d", piece, each, total, piece*pieces)
			}
			_ = client.Close()
			stop()
			<-done
		})
	}
}

// from is a listener whose clients come from elsewhere.
type from struct {
	net.Listener
	address net.Addr
}

func (f from) Accept() (net.Conn, error) {
	conn, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return fromConn{conn, f.address}, nil
}

type fromConn struct {
	net.Conn
	address net.Addr
}

func (f fromConn) RemoteAddr() net.Addr { return f.address }

// TestConnectionsOfAnAddressAreBounded: an address has a bounded number of connections
// that are no feed, whatever they do. The next is told so, and a place that is left
// is given again.
func TestConnectionsOfAnAddressAreBounded(t *testing.T) {
	t.Parallel()
	const most = 100
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ctx, from{listener, &net.TCPAddr{IP: net.IPv4(203, 0, 113, 1), Port: 5}}, server.Options{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/take" {
					conn, _, err := http.NewResponseController(w).Hijack()
					if err == nil {
						t.Cleanup(func() { _ = conn.Close() })
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}
			}),
			Limits: transport.NewLimits(transport.LimitOptions{PerAddress: most / 2}), Log: slog.New(slog.DiscardHandler), Header: timeout,
		})
	}()
	t.Cleanup(func() {
		stop()
		<-served
	})
	status := func(conn net.Conn, path string) int {
		if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return 0
		}
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0
		}
		_ = r.Body.Close()
		return r.StatusCode
	}
	var conns []net.Conn
	for range most {
		conn := dial(t, listener.Addr().String())
		if got := status(conn, "/"); got != http.StatusOK {
			t.Fatalf("connection %d is answered %d", len(conns), got)
		}
		conns = append(conns, conn)
	}
	more := dial(t, listener.Addr().String())
	answer, err := io.ReadAll(more)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 429 Too Many Requests\r\n") || !strings.Contains(string(answer), `"code":"limit-exceeded"`) ||
		!strings.Contains(string(answer), "Retry-After: 5\r\n") {
		t.Errorf("one too many is answered %q, %v", answer, err)
	}
	if got := status(conns[0], "/take"); got != http.StatusOK { // it is a feed now, with a slot of its own
		t.Fatalf("a connection is taken over with %d", got)
	}
	if got := status(dial(t, listener.Addr().String()), "/"); got != http.StatusOK {
		t.Errorf("a place that became free is not given: %d", got)
	}
	_ = conns[1].Close()
	for deadline := time.Now().Add(timeout); ; {
		if status(dial(t, listener.Addr().String()), "/") == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a place that was left is not given")
		}
	}
}
