package websocket_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"rowcast/internal/wire/websocket"
)

// TestHandshake: one of another version is answered with the one that there is, one by
// HTTP/1.0 is refused.
func TestHandshake(t *testing.T) {
	t.Parallel()
	upgrader := websocket.NewUpgrader(func(w http.ResponseWriter, status int, reason error) { http.Error(w, reason.Error(), status) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			_ = conn.Close()
		}
	}))
	defer server.Close()
	for _, c := range []struct {
		http, versions string
		status         int
	}{
		{"HTTP/1.1", "Sec-WebSocket-Version: 13\r\n", 101},
		{"HTTP/1.1", "Sec-WebSocket-Version: 8, 13\r\n", 101},
		{"HTTP/1.1", "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Version: 13\r\n", 101},
		{"HTTP/1.1", "Sec-WebSocket-Version: 8\r\n", 426},
		{"HTTP/1.1", "Sec-WebSocket-Version: 113\r\n", 426},
		{"HTTP/1.1", "Sec-WebSocket-Version: \r\n", 426},
		{"HTTP/1.1", "", 400},
		{"HTTP/1.0", "Sec-WebSocket-Version: 13\r\n", 400},
		{"HTTP/1.0", "Sec-WebSocket-Version: 8\r\n", 400},
	} {
		response := shake(t, server.Listener.Addr().String(), "/", c.http, c.versions)
		if response.StatusCode != c.status {
			t.Errorf("%s %q: %s", c.http, c.versions, response.Status)
		}
		if c.status != 101 && response.Header.Get("Sec-Websocket-Version") != "13" || c.status == 426 && response.Header.Get("Upgrade") != "websocket" {
			t.Errorf("%s %q: %v", c.http, c.versions, response.Header)
		}
	}
}

// shake asks for a WebSocket.
func shake(t *testing.T, address, target, protocol, versions string) *http.Response {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "GET %s %s\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: %s\r\n%s\r\n",
		target, protocol, address, "dGhlIHNhbXBsZSBub25jZQ==", versions)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}
