package engineio_test

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

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/wire/engineio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outbox is a session of a hub, as in the product.
type outbox struct{ *session.Session }

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

// echo sends everything back.
type echo struct {
	out    engineio.Outbox
	closed chan engineio.Reason
	// hold is sent to, and then received from, by a message "hold".
	hold chan struct{}
}

var errRefused = errors.New("refused")

func (e *echo) Message(binary bool, data []byte) error {
	switch {
	case binary:
		e.out.Send(engineio.AppendBinary(nil, data))
	case string(data) == "hold":
		e.hold <- struct{}{}
		<-e.hold
	case string(data) == "refuse":
		return errRefused
	default:
		e.out.Send(engineio.End(append(engineio.Begin(nil), data...), 0))
	}
	return nil
}

func (e *echo) Closed(reason engineio.Reason) { e.closed <- reason }

// bundle is a server that echoes.
type bundle struct {
	*httptest.Server
	engine *engineio.Server
	hub    *hub.Hub
	// sessions has the receiver of each session.
	sessions chan *echo
	// opened, if not nil, is called for each session.
	opened func(*engineio.Session)
}

func setup(t *testing.T, o engineio.Options) *bundle {
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
	b := &bundle{hub: h, sessions: make(chan *echo, 100)}
	o.Open = func(s *engineio.Session, _ *http.Request) (engineio.Outbox, engineio.Receiver, error) {
		session, err := h.Open(session.Peer{Conn: s, ReadsNothing: true, PingInterval: time.Hour})
		if err != nil {
			return nil, nil, err
		}
		e := &echo{out: outbox{session}, closed: make(chan engineio.Reason, 1), hold: make(chan struct{})}
		b.sessions <- e
		if b.opened != nil {
			b.opened(s)
		}
		return e.out, e, nil
	}
	if b.engine, err = engineio.New(o); err != nil {
		t.Fatal(err)
	}
	b.Server = httptest.NewServer(b.engine)
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if err := b.engine.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		b.Client().CloseIdleConnections()
		b.Close()
	})
	return b
}

// do makes a request, and gives the status and the body.
func (b *bundle) do(t *testing.T, method, query, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.URL+"/?"+query, strings.NewReader(body))
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

const pollQuery = "EIO=4&transport=polling"

// open is a session that polls.
func (b *bundle) open(t *testing.T) (query string, e *echo) {
	t.Helper()
	status, body := b.do(t, http.MethodGet, pollQuery, "")
	var opened struct {
		SID                       string
		Upgrades                  []string
		PingInterval, PingTimeout int
		MaxPayload                int
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &opened); err != nil || status != http.StatusOK {
		t.Fatalf("%d %q: %v", status, body, err)
	}
	if len(opened.SID) < 20 || len(opened.Upgrades) != 1 || opened.PingInterval == 0 || opened.PingTimeout == 0 || opened.MaxPayload == 0 {
		t.Fatalf("%q", body)
	}
	return pollQuery + "&sid=" + opened.SID, <-b.sessions
}

// want makes a request and compares the answer.
func (b *bundle) want(t *testing.T, method, query, body string, status int, text string) {
	t.Helper()
	if gotStatus, got := b.do(t, method, query, body); gotStatus != status || got != text {
		t.Fatalf("%s %s: %d %q, want %d %q", method, query, gotStatus, got, status, text)
	}
}

// dial opens a WebSocket.
func (b *bundle) dial(t *testing.T, query string) *websocket.Conn {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(b.URL, "http")+"/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func read(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, message, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(message)
}

func write(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}
