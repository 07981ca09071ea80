package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rowcast/internal/access/auth"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/work"
)

// message is what a server sends.
type message struct {
	Type, Event, TenantID, Cursor, Reason, Code, Message string
	From, Position                                       int64
	Data                                                 json.RawMessage
	Source                                               struct{ Tx json.Number }
}

// delivery is one event as a client received it.
type delivery struct {
	from, position int64
	change         work.Change
}

// stream is what a client knows of one tenant.
type stream struct {
	joined bool
	// start is where it joined first, last where it is.
	start, last int64
	cursor      string
	got         []delivery
	done        bool
}

// goodbye is how a server ended a connection.
type goodbye struct {
	code   int
	reason string
	at     time.Time
}

// hint is when the server wants the client to come back; 0 if it does not say.
func (g goodbye) hint() time.Duration {
	_, text, _ := strings.Cut(g.reason, "retry=")
	d, _ := time.ParseDuration(text)
	return d
}

// client follows tenants. It loses its connection, and comes back elsewhere.
type client struct {
	name    string
	servers []*server
	tenants []string
	token   string
	rng     *rand.Rand
	// hop is how many messages it takes at most before it breaks off by
	// itself; 0 is never.
	hop int
	// dial makes its connections.
	dial raw.DialFunc
	// heard, if not nil, is told each change as it arrives.
	heard func(f work.Change)

	mu       sync.Mutex
	streams  map[string]*stream
	faults   []fault
	visits   int
	joins    int
	goodbyes []goodbye
	// stale and progress are when it was told so.
	stale, progress []time.Time
}

// newClient makes a client that may join these tenants.
func newClient(t *testing.T, name string, servers []*server, rng *rand.Rand, hop int, names ...string) *client {
	t.Helper()
	token, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: name, Tenants: names}, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{name: name, servers: servers, tenants: names, token: token, rng: rng, hop: hop, streams: make(map[string]*stream)}
	c.dial = new(net.Dialer).DialContext
	for _, tenant := range names {
		c.streams[tenant] = new(stream)
	}
	return c
}

// staleAt is when it was told that its events are late.
func (c *client) staleAt() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.stale)
}

// answered is how often a server has let it join its tenants.
func (c *client) answered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.joins / len(c.tenants)
}

// farewells are the ends of its connections that a server gave a reason for.
func (c *client) farewells() []goodbye {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.goodbyes)
}

// run follows until every stream has come to its sentinel or ctx ends.
func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil && !c.all(func(s *stream) bool { return s.done }) {
		err := c.visit(ctx)
		var wait time.Duration
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			c.mu.Lock()
			c.goodbyes = append(c.goodbyes, goodbye{closed.Code, closed.Text, time.Now()})
			wait = c.goodbyes[len(c.goodbyes)-1].hint()
			c.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait + time.Duration(c.rng.Int64N(int64(40*time.Millisecond)))):
		}
	}
}

// all says whether something holds for each stream.
func (c *client) all(holds func(s *stream) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.streams {
		if !holds(s) {
			return false
		}
	}
	return true
}

// errHop ends a visit because the client wants to.
var errHop = errors.New("the client breaks off")

// visit is one connection.
func (c *client) visit(ctx context.Context) error {
	url := c.servers[c.rng.IntN(len(c.servers))].url()
	dialing, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := raw.DialFeed(dialing, url, c.token, raw.Options{Network: c.dial})
	if err != nil {
		return err
	}
	defer conn.Close()
	c.mu.Lock()
	c.visits++
	c.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	for _, tenant := range c.tenants {
		c.mu.Lock()
		cursor := c.streams[tenant].cursor
		c.mu.Unlock()
		if err := conn.Join(tenant, cursor, nil); err != nil {
			return err
		}
	}
	left := c.hop
	if left > 0 {
		left = 1 + c.rng.IntN(c.hop)
	}
	for {
		body, err := conn.Next()
		if err != nil {
			return err
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			return fmt.Errorf("decode %s: %w", body, err)
		}
		c.take(&m)
		if c.all(func(s *stream) bool { return s.done }) {
			return nil
		}
		if left--; left == 0 {
			c.cut(conn.Conn)
			return errHop
		}
	}
}

// cut ends the connection in one of the ways that clients have.
func (c *client) cut(conn *websocket.Conn) {
	switch tcp, ok := conn.NetConn().(*net.TCPConn); c.rng.IntN(3) {
	case 0:
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second))
	case 1:
		if ok {
			_ = tcp.SetLinger(0) // a reset
		}
	}
}

// take notes a message.
func (c *client) take(m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.streams[m.TenantID]
	switch {
	case m.Type == "welcome":
	case m.Type == "error" && m.Code == "stale":
		c.stale = append(c.stale, time.Now())
	case s == nil:
		c.fault(faultTenant, "%s of tenant %q, which was not joined: %s", m.Type, m.TenantID, m.Data)
	case m.Type == "joined":
		if !s.joined {
			s.joined, s.start, s.last = true, m.Position, m.Position
		} else if m.Position != s.last {
			c.fault(faultPosition, "joined %s at %d, after %d", m.TenantID, m.Position, s.last)
		}
		s.cursor = m.Cursor
		c.joins++
	case m.Type == "progress" || m.Event == "dashboard:stats-updated": // which is no change
		if m.Type == "progress" {
			c.progress = append(c.progress, time.Now())
		}
		if m.Position != s.last {
			c.fault(faultPosition, "%s %s of %s at %d, after %d", m.Type, m.Event, m.TenantID, m.Position, s.last)
		}
		s.cursor = m.Cursor
	case m.Type == "event":
		c.event(s, m)
	default:
		c.fault(faultReset, "%s %s %s of %s after %d", m.Type, m.Code, m.Reason+m.Message, m.TenantID, s.last)
	}
}

// event notes an event. c.mu held.
func (c *client) event(s *stream, m *message) {
	var row struct {
		ID      int64  `json:"id"`
		Tenant  string `json:"tenant_id"`
		Version int    `json:"version"`
	}
	d := delivery{from: m.Position, position: m.Position}
	s.cursor = m.Cursor
	if m.From > 0 {
		d.from = m.From
	}
	_, verb, _ := strings.Cut(m.Event, ":")
	op, known := map[string]byte{"created": '+', "updated": '~', "deleted": '-', "bulk": 'b'}[verb]
	tx, err := m.Source.Tx.Int64()
	if err == nil && op != 'b' {
		err = json.Unmarshal(m.Data, &row)
	}
	if !known || err != nil {
		c.fault(faultInvented, "event %s %s: %v", m.Event, m.Data, err)
		return
	}
	d.change = work.Change{Tenant: m.TenantID, Tx: uint64(tx), Op: op, ID: row.ID, Version: row.Version}
	if op != 'b' && row.Tenant != m.TenantID {
		c.fault(faultTenant, "%s holds a row of tenant %q", d.change, row.Tenant)
	}
	if c.heard != nil {
		c.heard(d.change)
	}
	s.got = append(s.got, d)
	s.last = d.position
	s.done = s.done || d.change.ID < 0
}

// fault notes a broken promise. c.mu held.
func (c *client) fault(kind, format string, args ...any) {
	c.faults = append(c.faults, fault{kind, c.name + ": " + fmt.Sprintf(format, args...)})
}
