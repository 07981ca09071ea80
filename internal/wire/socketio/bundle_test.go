package socketio_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/hub/room"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socketio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// timeout is how long a fact may take; nothing waits for that long.
const timeout = 2 * time.Minute

// namespace does what its functions say. What they leave out: it accepts, and
// emits back.
type namespace struct {
	connect func(s *socketio.Socket, auth json.RawMessage)
	event   func(s *socketio.Socket, e socketio.Event)
	// ended gets the reasons of Disconnect.
	ended chan string
}

func newNamespace() *namespace { return &namespace{ended: make(chan string, 10_000)} }

func (n *namespace) Connect(s *socketio.Socket, auth json.RawMessage) {
	if n.connect != nil {
		n.connect(s, auth)
		return
	}
	s.Accept("")
}

func (n *namespace) Event(s *socketio.Socket, e socketio.Event) {
	switch {
	case n.event != nil:
		n.event(s, e)
	case e.Ack != nil:
		e.Ack.ReplyBinary(e.Attachments, e.Args...)
	default:
		s.EmitBinary(e.Attachments, e.Name, e.Args...)
	}
}

func (n *namespace) Disconnect(_ *socketio.Socket, reason string) { n.ended <- reason }

// wantEnded waits for the next reason.
func (n *namespace) wantEnded(t testing.TB, reason string) {
	t.Helper()
	select {
	case got := <-n.ended:
		if got != reason {
			t.Errorf("ended for %q, want %q", got, reason)
		}
	case <-time.After(timeout):
		t.Fatal("nothing ended")
	}
}

// bundle is a server with the namespaces / and /x.
type bundle struct {
	*servetest.Bundle
	sockets *socketio.Server
	main, x *namespace
	// before is that of each outbox.
	before func(frames []byte)
}

func setup(t testing.TB, o socketio.Options) *bundle {
	t.Helper()
	b := &bundle{main: newNamespace(), x: newNamespace()}
	o.Namespaces = map[string]socketio.Namespace{socketio.Main: b.main, "/x": b.x}
	b.Bundle = servetest.NewBundle(t, room.Options{}, nil, func(s *servetest.Bundle) (h servetest.Handler, err error) {
		s.Config.MaxHeaderBytes = 16 << 10
		o.Outbox = func(c *engineio.Session, _ *http.Request) (engineio.Outbox, error) {
			out, err := s.Outbox(c)
			out.Before = b.before
			return out, err
		}
		b.sockets, err = socketio.New(o)
		return b.sockets, err
	})
	return b
}

// client is a WebSocket client, which leaves out pings.
type client struct {
	*raw.Packets
	t testing.TB
}

// dial opens a session.
func (b *bundle) dial(t testing.TB) *client {
	t.Helper()
	c := &client{raw.DialPackets(t, "ws"+strings.TrimPrefix(b.URL, "http")+"/?EIO=4&transport=websocket", nil), t}
	c.Skip = true
	if m := c.Next(); !strings.HasPrefix(m, "0{") {
		t.Fatalf("opened with %q", m)
	}
	return c
}

// join opens a session that is in the main namespace.
func (b *bundle) join(t testing.TB) *client {
	t.Helper()
	c := b.dial(t)
	c.Send("40")
	c.connected("")
	return c
}

// connected reads the answer to a connect, and gives the id.
func (c *client) connected(namespace string) string {
	c.t.Helper()
	head := "40"
	if namespace != "" {
		head += namespace + ","
	}
	m := c.Next()
	body, ok := strings.CutPrefix(m, head)
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); !ok || err != nil || len(answer) != 1 || len(answer["sid"]) != 20 {
		c.t.Fatalf("got %q, want %s{sid}", m, head)
	}
	return answer["sid"]
}

// post sends a body of a client that polls, to a session that it opens.
func (b *bundle) post(t testing.TB, body string) (query string, status int) {
	t.Helper()
	const poll = "/?EIO=4&transport=polling"
	_, text := b.do(t, http.MethodGet, poll, "")
	var opening struct{ SID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "0")), &opening); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	query = poll + "&sid=" + opening.SID
	status, _ = b.do(t, http.MethodPost, query, body)
	return query, status
}

// do makes a request, and gives the status and the body.
func (b *bundle) do(t testing.TB, method, query, body string) (int, string) {
	t.Helper()
	return raw.Do(t, b.Client(), method, b.URL+query, body, nil)
}
