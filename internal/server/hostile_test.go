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
	"testing"
	"time"

	"rowcast/internal/server"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/refusal"
)

// timeout bounds every wait; it decides nothing but when to give up.
const timeout = 2 * time.Minute

// serve serves until the test ends.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ctx, listener, server.Options{Handler: handler, Log: slog.New(slog.DiscardHandler)})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-served; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return listener.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(timeout))
	return conn
}

// TestSlowHandshakesAreCutOff has two hundred clients begin a request and not
// end it, one of them a byte at a time. Others are served meanwhile, and the
// slow ones are cut off.
func TestSlowHandshakesAreCutOff(t *testing.T) {
	t.Parallel()
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") }))
	const half = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
	var slow []net.Conn
	for range 200 {
		conn := dial(t, address)
		if _, err := io.WriteString(conn, half); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
	}
	quick := dial(t, address)
	if _, err := io.WriteString(quick, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(quick); err != nil || !strings.HasSuffix(string(answer), "served") {
		t.Errorf("a client beside the slow ones is answered %q, %v", answer, err)
	}
	trickled := make(chan struct{})
	go func() {
		defer close(trickled)
		for {
			if _, err := io.WriteString(slow[0], "X: y\r\n"); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	for i, conn := range slow {
		answer, err := io.ReadAll(conn)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Fatalf("slow client %d is still connected after %s", i, timeout)
		}
		if strings.Contains(string(answer), "served") {
			t.Errorf("half a request is answered %q", answer)
		}
	}
	<-trickled
}

// TestLargeHeadsAreRefused sends heads of a request without end.
func TestLargeHeadsAreRefused(t *testing.T) {
	t.Parallel()
	reached := make(chan string, 100)
	address := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.URL.Path }))
	line := strings.Repeat("x", 1000)
	for name, part := range map[string]string{
		"one long header": line, "many headers": "\r\nX-" + line + ": y", "a long path": "",
		"many short headers": "\r\nX: y", "a folded header": "\r\n " + line,
	} {
		conn := dial(t, address)
		go func() {
			head := "GET / HTTP/1.1\r\nHost: x\r\nX: y"
			if part == "" {
				head, part = "GET /", line
			}
			if _, err := io.WriteString(conn, head); err != nil {
				return
			}
			for sent := 0; sent < 64<<20; sent += len(part) { // more than anybody should read
				if _, err := io.WriteString(conn, part); err != nil {
					return
				}
			}
		}()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil { // a reset overtook the answer
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				t.Errorf("%s: no answer after %s", name, timeout)
			}
		} else if _ = response.Body.Close(); response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: %s", name, response.Status)
		}
		_ = conn.Close()
	}
	select {
	case path := <-reached:
		t.Errorf("a request for %.20q came through", path)
	default:
	}
}

// TestAdminIsForOperators asks the public listener for what is on the other one,
// and that as a page of another website does: under a name that leads here, and
// across origins.
func TestAdminIsForOperators(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/metrics", "/status", "/livez", "/readyz", "/debug/pprof/", "/debug/pprof/heap"} {
		if w := ask(t, public(t), http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("the public listener answers %s with %d", path, w.Code)
		}
	}
	address := serve(t, server.Admin(server.AdminOptions{
		Problems: func() []server.Problem { return nil }, Status: func(context.Context) any { return 1 }, Metrics: http.NotFoundHandler(),
	}))
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		address: 200, "localhost:" + port: 200, "localhost": 200, "127.0.0.1": 200, "[::1]:" + port: 200,
		"evil.example:" + port: 403, "evil.example": 403, "localhost.evil.example:" + port: 403, "127.0.0.1.evil.example": 403,
		"203.0.113.1:" + port: 403, "0.0.0.0:" + port: 403,
	} {
		if got := adminAnswers(t, address, "GET /status HTTP/1.1\r\nHost: "+host); got != want {
			t.Errorf("GET under the name %s is answered with %d; want %d", host, got, want)
		}
	}
	for _, header := range []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"} {
		if got := adminAnswers(t, address, "POST /status HTTP/1.1\r\nContent-Length: 0\r\nHost: "+address+"\r\n"+header); got != http.StatusForbidden {
			t.Errorf("POST with %s is answered with %d", header, got)
		}
	}
}

// adminAnswers is the status of the answer to a request.
func adminAnswers(t *testing.T, address, request string) int {
	t.Helper()
	conn := dial(t, address)
	defer conn.Close()
	if _, err := io.WriteString(conn, request+"\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// TestOnlyOwnNames: a server that is told its names answers to these, to those that the
// machine has for itself and to the address that was connected to, and to no other.
func TestOnlyOwnNames(t *testing.T) {
	t.Parallel()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	refusals := (&refusal.Log{Codes: transport.RefusalCodes()})
	serving := func(names []string) string {
		return serve(t, server.Public(server.PublicOptions{
			WebSocket: page, SocketIO: page, Events: page, History: page, API: page, Pages: page, OnlyAs: names,
			Gate: servetest.Gate(t, transport.GateOptions{Refusals: refusals}),
		}))
	}
	named, open := serving([]string{"app.example", "192.168.7.7"}), serving(nil)
	_, port, err := net.SplitHostPort(named)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		named: 200, "localhost:" + port: 200, "localhost": 200, "LocalHost.": 200, "127.0.0.1": 200, "127.3.2.1": 200, "[::1]:" + port: 200,
		"app.example": 200, "APP.example:1": 200, "192.168.7.7": 200,
		"evil.example:" + port: 403, "evil.example": 403, "app.example.evil.example": 403, "localhost.evil.example": 403,
		"127.0.0.1.evil.example": 403, "203.0.113.1:" + port: 403, "0.0.0.0:" + port: 403, "[::]": 403, "192.168.7.8": 403, "": 403,
	} {
		for _, path := range []string{"/", "/api/orders", "/history", "/events", "/ws", "/socket.io/", "/tickets"} {
			got := adminAnswers(t, named, "GET "+path+" HTTP/1.1\r\nHost: "+host)
			if path == "/tickets" && want == 200 {
				got -= http.StatusMethodNotAllowed - 200
			}
			if got != want {
				t.Errorf("GET %s under the name %q is answered with %d; want %d", path, host, got, want)
			}
		}
		if got := adminAnswers(t, open, "GET / HTTP/1.1\r\nHost: "+host); got != http.StatusOK {
			t.Errorf("one that is told no names answers %d to %q", got, host)
		}
	}
	if refusals.Counts()[transport.Forbidden] == 0 {
		t.Error("no refusal is counted")
	}
}
