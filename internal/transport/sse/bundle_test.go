package sse_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport/sse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a server for one test.
type bundle struct {
	*servetest.Bundle
	// dial replaces the network in tests of time.
	dial raw.DialFunc
}

// setup starts a server on a listener, or on the loopback if that is nil.
func setup(t testing.TB, listener net.Listener, change func(*room.Options)) *bundle {
	t.Helper()
	o := room.Options{Encoders: []signal.Encoder{sse.Encoder{}}}
	if change != nil {
		change(&o)
	}
	return &bundle{servetest.NewBundle(t, o, listener, func(b *servetest.Bundle) (servetest.Handler, error) {
		h, err := sse.NewHandler(sse.Options{Hub: b.Hub, Gate: b.Gate})
		return wrap{h}, err
	}), new(net.Dialer).DialContext}
}

// wrap is a middleware that hides what the writer can do.
type wrap struct{ *sse.Handler }

func (h wrap) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.Handler.ServeHTTP(wrapped{w}, r) }

type wrapped struct{ inner http.ResponseWriter }

func (w wrapped) Header() http.Header         { return w.inner.Header() }
func (w wrapped) Write(b []byte) (int, error) { return w.inner.Write(b) }
func (w wrapped) WriteHeader(status int)      { w.inner.WriteHeader(status) }
func (w wrapped) Unwrap() http.ResponseWriter { return w.inner }

// event publishes one event of a tenant, with a text in its data.
func (b *bundle) event(tenant, text string) {
	data, _ := json.Marshal(map[string]string{"text": text})
	b.row(tenant, string(data))
}

// row publishes one event of a tenant.
func (b *bundle) row(tenant, data string) { b.Publish(tenant, "order:created", data) }

// stream is a client, down to the bytes.
type stream struct {
	net.Conn
	*http.Response
	events *raw.Events
	t      testing.TB
}

// request sends a request with these header lines, and reads the head of the
// answer.
func (b *bundle) request(t testing.TB, query string, header ...string) *stream {
	t.Helper()
	conn, err := b.dial(t.Context(), "tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	lines := append([]string{"GET /events" + query + " HTTP/1.1", "Host: feed.example"}, header...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return answer(t, conn)
}

// answer reads the head of an answer.
func answer(t testing.TB, conn net.Conn) *stream {
	t.Helper()
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &stream{Conn: conn, Response: response, events: raw.NewEvents(reader), t: t}
}

// open opens a stream and reads "joined".
func (b *bundle) open(t testing.TB, token, query string, header ...string) *stream {
	t.Helper()
	s := b.request(t, query, append(header, "Authorization: Bearer "+token)...)
	if s.StatusCode != http.StatusOK {
		t.Fatalf("status %d", s.StatusCode)
	}
	s.expect("joined")
	return s
}

// received is an event, as EventSource would dispatch it, or a comment.
type received struct {
	wire raw.Event
	message
}

// message is the data of an event.
type message struct {
	Type, Event, TenantID, Cursor, Reason, Code string
	Position                                    int64
	Data                                        struct{ Text string }
}

// read is the next event or comment. The error is io.EOF at the end.
func (s *stream) read() (received, error) {
	e, err := s.events.Read()
	return received{wire: e}, err
}

// next is the next event, without comments.
func (s *stream) next() received {
	s.t.Helper()
	for {
		e, err := s.read()
		if err != nil {
			s.t.Fatal(err)
		}
		if e.wire.Comment != "" {
			continue
		}
		if e.wire.Name != "closed" {
			if err := json.Unmarshal([]byte(e.wire.Data), &e.message); err != nil {
				s.t.Fatalf("%.200q: %v", e.wire.Data, err)
			}
		}
		return e
	}
}

// expect reads an event of a name.
func (s *stream) expect(name string) received {
	s.t.Helper()
	e := s.next()
	if e.wire.Name != name {
		s.t.Fatalf("got %+v, want %s", e, name)
	}
	return e
}

// ended reads until the end, which follows "closed" with these data, leaving out
// events of the name skip.
func (s *stream) ended(data, skip string) {
	s.t.Helper()
	for {
		e := s.next()
		if e.wire.Name == skip {
			continue
		}
		if e.wire.Name != "closed" || e.wire.Data != data || e.wire.ID != "" {
			s.t.Fatalf("got %+v, want closed %s", e, data)
		}
		break
	}
	if e, err := s.read(); !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.t.Fatalf("after closed: %+v, %v", e, err)
	}
	_ = s.Conn.Close()
}
