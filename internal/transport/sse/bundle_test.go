package sse_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/sse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noHistory is for tenants without a past.
type noHistory struct{}

func (noHistory) Head(context.Context, string, int64) (feed.Head, error) {
	return feed.Head{Epoch: "f1"}, nil
}

func (noHistory) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, feed.ErrDiverged
}

func oneEvent(dst []feed.Event, c *feed.Change) []feed.Event {
	return append(dst, feed.Event{
		Name: "order:created", Tenant: c.Tenant, Position: c.Position, At: c.At, Data: c.After,
		Cursor: feed.Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce},
		Source: feed.Source{Table: "orders", Op: "insert", Tx: "7391", Writer: "psql"},
	})
}

// bundle is a server for one test.
type bundle struct {
	hub *hub.Hub
	url string
	// dial replaces the network in tests of time.
	dial func(ctx context.Context) (net.Conn, error)

	mu      sync.Mutex
	tickets map[string]auth.Identity

	publish  sync.Mutex
	position map[string]int64
}

// verify knows tokens of the form subject_tenant-tenant_lifetime.
func (b *bundle) verify(_ context.Context, token string) (auth.Identity, error) {
	part := strings.Split(token, "_")
	if len(part) != 3 {
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
	}
	life, err := time.ParseDuration(part[2])
	if err != nil {
		return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
	}
	id := auth.Identity{Subject: part[0], Expires: time.Now().Add(life)}
	if part[1] != "" {
		id.Tenants = strings.Split(part[1], "-")
	}
	return id, nil
}

func (b *bundle) redeem(ticket string) (auth.Identity, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id, ok := b.tickets[ticket]
	delete(b.tickets, ticket)
	return id, ok
}

// setup starts a server on a listener, or on the loopback if that is nil. It
// stops with the test.
func setup(t testing.TB, listener net.Listener, change func(*room.Options, *sse.Options)) *bundle {
	t.Helper()
	b := &bundle{
		tickets:  map[string]auth.Identity{"ticket": {Subject: "ann", Tenants: []string{"T"}, Expires: time.Now().Add(time.Hour)}},
		position: map[string]int64{},
	}
	ho := room.Options{History: noHistory{}, Map: oneEvent, Encoders: []signal.Encoder{sse.Encoder{}}}
	so := sse.Options{}
	if change != nil {
		change(&ho, &so)
	}
	var err error
	if b.hub, err = hub.New(ho); err != nil {
		t.Fatal(err)
	}
	origins, err := origin.New("https://app.example")
	if err != nil {
		t.Fatal(err)
	}
	so.Hub = b.hub
	so.Gate = servetest.Gate(t, transport.GateOptions{Origin: origins.Allowed, Draining: b.hub.Draining, Verify: b.verify, Redeem: b.redeem})
	handler, err := sse.NewHandler(so)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.hub.Run(ctx)
	}()
	b.hub.Publish(nil, 0)
	b.hub.Live(true)
	server := httptest.NewUnstartedServer(origin.NewCORS(origins.Allowed).Handler(wrap(handler)))
	if listener != nil {
		_ = server.Listener.Close()
		server.Listener = listener
	}
	server.Start()
	b.url = server.URL
	t.Cleanup(func() {
		cancel()
		<-done
		if err := handler.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return b
}

// wrap is a middleware that hides what the writer can do.
func wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(wrapped{w}, r) })
}

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
func (b *bundle) row(tenant, data string) {
	b.publish.Lock()
	defer b.publish.Unlock()
	b.position[tenant]++
	p := b.position[tenant]
	b.hub.Publish([]feed.Change{{
		Epoch: "f1", Tenant: tenant, From: p, Position: p, Nonce: 1e12, After: []byte(data), At: time.Unix(1e9, 123456789),
	}}, p)
}

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
	dial := b.dial
	if dial == nil {
		dial = func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(b.url, "http://"))
		}
	}
	conn, err := dial(t.Context())
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
