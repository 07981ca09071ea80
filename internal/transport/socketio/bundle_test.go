package socketio_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/hub/room"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport/socketio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a server for one test.
type bundle struct{ *servetest.Bundle }

// setup starts a server that stops with the test.
func setup(t *testing.T, recovery bool, change ...func(*room.Options)) *bundle {
	t.Helper()
	o := room.Options{Encoders: socketio.Encoders()}
	for _, f := range change {
		f(&o)
	}
	return &bundle{servetest.NewBundle(t, o, nil, func(b *servetest.Bundle) (servetest.Handler, error) {
		return socketio.NewHandler(socketio.Options{Hub: b.Hub, Gate: b.Gate, Recovery: recovery})
	})}
}

// client is one on a WebSocket.
type client struct {
	*raw.Packets
	t *testing.T
}

// open opens a session.
func (b *bundle) open(t *testing.T, query string, header http.Header) *client {
	t.Helper()
	c := &client{raw.DialPackets(t, "ws"+strings.TrimPrefix(b.URL, "http")+"/socket.io/?EIO=4&transport=websocket"+query, header), t}
	if opened := c.Next(); !strings.HasPrefix(opened, `0{"sid":`) {
		t.Fatal(opened)
	}
	return c
}

// connect opens a session and connects with auth.
func (b *bundle) connect(t *testing.T, auth string) *client {
	t.Helper()
	c := b.open(t, "", nil)
	c.Send("40" + auth)
	return c
}

// accepted reads that the client was accepted, and gives its pid.
func (c *client) accepted() (pid string) {
	c.t.Helper()
	_, pid = c.named()
	return pid
}

// named is accepted with the id of the socket.
func (c *client) named() (id, pid string) {
	c.t.Helper()
	text := c.Next()
	var a struct{ SID, PID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "40")), &a); err != nil || a.SID == "" {
		c.t.Fatalf("got %q: %v", text, err)
	}
	return a.SID, a.PID
}

// wantPart looks for parts in the next packet.
func (c *client) wantPart(parts ...string) {
	c.t.Helper()
	got := c.Next()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			c.t.Fatalf("got %s, without %s", got, part)
		}
	}
}
