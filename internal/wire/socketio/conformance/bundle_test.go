package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"rowcast/internal/test/raw"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// timeout is how long a fact may take; nothing waits for that long.
const timeout = 2 * time.Minute

// Queries of requests.
const (
	polling    = "/?EIO=4&transport=polling"
	socketing  = "/?EIO=4&transport=websocket"
	socketPath = "/socket.io"
	echoPath   = "/engine.io"
)

type bundle struct {
	*httptest.Server
}

// setup is a server with the heartbeat of a product, unless o has another.
func setup(t *testing.T, o options) *bundle {
	t.Helper()
	if o.pingInterval == 0 {
		o.pingInterval, o.pingTimeout = 25*time.Second, 20*time.Second
	}
	if o.connectTimeout == 0 {
		o.connectTimeout = time.Minute
	}
	o.maxPayload = 1_000_000
	s, err := newServer(o)
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{httptest.NewServer(s)}
	t.Cleanup(func() {
		if err := s.close(context.Background()); err != nil {
			t.Error(err)
		}
		b.Client().CloseIdleConnections()
		b.Close()
	})
	return b
}

// do makes a request, and gives the status and the body.
func (b *bundle) do(t *testing.T, method, target, body string) (int, string) {
	t.Helper()
	return raw.Do(t, b.Client(), method, b.URL+target, body, nil)
}

// want makes a request that has an answer, "" if any.
func (b *bundle) want(t *testing.T, method, target, body string, status int, answer string) {
	t.Helper()
	gotStatus, got := b.do(t, method, target, body)
	if gotStatus != status || answer != "" && got != answer {
		t.Fatalf("%s %s %.40q: %d %.200q, want %d %.200q", method, target, body, gotStatus, got, status, answer)
	}
}

// poll opens a session that polls, and gives its target.
func (b *bundle) poll(t *testing.T, path string) string {
	t.Helper()
	_, text := b.do(t, http.MethodGet, path+polling, "")
	return path + polling + "&sid=" + opened(t, text, "websocket")
}

// opened checks the first packet of a session, and gives its id.
func opened(t *testing.T, packet string, upgrades ...string) string {
	t.Helper()
	var got map[string]json.RawMessage
	body, ok := strings.CutPrefix(packet, "0")
	if err := json.Unmarshal([]byte(body), &got); err != nil || !ok || len(got) != 5 || string(got["maxPayload"]) != "1000000" {
		t.Fatalf("opened with %q: %v", packet, err)
	}
	var o struct {
		SID                       string
		Upgrades                  []string
		PingInterval, PingTimeout int
	}
	if err := json.Unmarshal([]byte(body), &o); err != nil || len(o.SID) < 20 || o.Upgrades == nil || !slices.Equal(o.Upgrades, upgrades) {
		t.Fatalf("opened with %q: %v", packet, err)
	}
	return o.SID
}

// client is a WebSocket client.
type client struct {
	*raw.Packets
	t *testing.T
}

// dial connects, without reading.
func (b *bundle) dial(t *testing.T, target string) *client {
	t.Helper()
	return &client{raw.DialPackets(t, "ws"+strings.TrimPrefix(b.URL, "http")+target, nil), t}
}

// open opens a session.
func (b *bundle) open(t *testing.T, path string) *client {
	t.Helper()
	c := b.dial(t, path+socketing)
	opened(t, c.Next())
	return c
}

// join opens a session that is in the main namespace.
func (b *bundle) join(t *testing.T) *client {
	t.Helper()
	c := b.open(t, socketPath)
	c.Send("40")
	c.accepted("40")
	c.Want(`42["auth",{}]`)
	return c
}

// accepted reads the answer to a connect, and gives its one key or more.
func (c *client) accepted(head string) map[string]string {
	c.t.Helper()
	m := c.Next()
	body, ok := strings.CutPrefix(m, head)
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); !ok || err != nil || answer["sid"] == "" {
		c.t.Fatalf("got %q, want %s{sid}", m, head)
	}
	if _, recovers := answer["pid"]; len(answer) > 2 || len(answer) == 2 && !recovers {
		c.t.Fatalf("got %q", m)
	}
	return answer
}
