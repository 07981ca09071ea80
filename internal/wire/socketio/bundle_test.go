package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/raw"
	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socketio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// timeout is how long a fact may take; nothing waits for that long.
const timeout = 2 * time.Minute

// outbox is a session of a hub, as in the product.
type outbox struct {
	*session.Session
	// before, if not nil, is called before frames are sent.
	before func(frames []byte)
}

func (o outbox) Send(frames []byte) {
	if o.before != nil {
		o.before(frames)
	}
	o.Session.Send(frames)
}

func (o outbox) Close(last []byte) { o.Session.Close(signal.Gone, "", last...) }

// silent is a wire without messages of its own.
type silent struct{}

func (silent) Name() string { return "silent" }

func (silent) AppendEvent(b []byte, _ *feed.Event) []byte            { return b }
func (silent) AppendSignal(b []byte, _ *signal.Signal) []byte        { return b }
func (silent) AppendClose(b []byte, _ errcode.Code, _ string) []byte { return b }

// empty is a history without tenants.
type empty struct{}

func (empty) Head(context.Context, string, int64) (feed.Head, error) {
	return feed.Head{}, errors.ErrUnsupported
}

func (empty) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, feed.ErrDiverged
}

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
	*httptest.Server
	sockets *socketio.Server
	hub     *hub.Hub
	main, x *namespace
	// before is that of each outbox.
	before func(frames []byte)
}

func setup(t testing.TB, o socketio.Options) *bundle {
	t.Helper()
	h, err := hub.New(room.Options{
		History: empty{}, Encoders: []signal.Encoder{silent{}},
		Map: func(dst []feed.Event, _ *feed.Change) []feed.Event { return dst },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx) }()
	b := &bundle{hub: h, main: newNamespace(), x: newNamespace()}
	o.Namespaces = map[string]socketio.Namespace{socketio.Main: b.main, "/x": b.x}
	o.Outbox = func(s *engineio.Session, _ *http.Request) (engineio.Outbox, error) {
		session, err := h.Open(session.Peer{Conn: s, ReadsNothing: true, PingInterval: time.Hour})
		return outbox{session, b.before}, err
	}
	if b.sockets, err = socketio.New(o); err != nil {
		t.Fatal(err)
	}
	b.Server = httptest.NewUnstartedServer(b.sockets)
	b.Config.MaxHeaderBytes = 16 << 10
	b.Start()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if err := b.sockets.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		b.Client().CloseIdleConnections()
		b.Close()
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
	r, err := http.NewRequestWithContext(t.Context(), method, b.URL+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	w, err := b.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.StatusCode, string(text)
}
