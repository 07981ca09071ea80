package hub_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The history of these tests is a list in memory. A change named "n" has n
// events; its table, if "d", makes it count for the dashboard.
const feedID = "f1"

// mapChange is the mapping of these tests.
func mapChange(dst []feed.Event, c *feed.Change) []feed.Event {
	n, err := strconv.Atoi(c.Name)
	if err != nil {
		panic(err)
	}
	for i := range n {
		name := "e" + strconv.Itoa(i)
		if i == 0 && c.Op == feed.Update {
			name = c.Name + ":updated"
		}
		e := feed.Event{
			Name: name, Tenant: c.Tenant, Position: c.Position, Data: c.After,
			Cursor: feed.Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce},
		}
		if i < n-1 {
			e.Cursor = feed.Cursor{Epoch: c.Epoch, Position: c.From - 1, Nonce: c.Nonce, Delivered: i + 1}
		}
		dst = append(dst, e)
	}
	return dst
}

func dashboardReason(c *feed.Change) (string, bool) { return c.Table, c.Table == "d" }

func dashboardReasons(func(stem string) bool) []string { return []string{"all"} }

// see is that of a request whose view never changes.
func see(v *view.View) func() (*view.View, *session.Refused) {
	return func() (*view.View, *session.Refused) { return v, nil }
}

func dashboardEvent(tenant string, _ []string, head feed.Head, at time.Time) feed.Event {
	return feed.Event{Name: "stats", Tenant: tenant, Position: head.Position, Cursor: head.Cursor(), At: at}
}

// history is the durable log.
type history struct {
	mu        sync.Mutex
	sequence  int64
	changes   map[string][]feed.Change
	sequences map[string][]int64 // of each change
	floor     map[string]int64
	// fail, if not nil, is called before each read.
	fail func() error
	// gate, if not nil, is received from before each head is read.
	gate chan struct{}
	// audience is that of every table.
	audience feed.Audience
	// reads counts After.
	reads int
}

func newHistory() *history {
	return &history{changes: map[string][]feed.Change{}, sequences: map[string][]int64{}, floor: map[string]int64{}}
}

// seal appends a change of a tenant and gives it its position.
func (h *history) seal(tenant string, events int, dashboard bool, data string) feed.Change {
	return h.sealRow(tenant, events, dashboard, "", data)
}

// sealRow seals an update if before is not empty, and else an insert.
func (h *history) sealRow(tenant string, events int, dashboard bool, before, after string) feed.Change {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sequence++
	p := int64(len(h.changes[tenant]) + 1)
	c := feed.Change{
		Epoch: feedID, Tenant: tenant, From: p, Position: p, Nonce: 1000 + p*7, Name: strconv.Itoa(events),
		After: []byte(after), Op: feed.Insert, Audience: h.audience,
	}
	if before != "" {
		c.Before, c.Op = []byte(before), feed.Update
	}
	if dashboard {
		c.Table = "d"
	}
	h.changes[tenant] = append(h.changes[tenant], c)
	h.sequences[tenant] = append(h.sequences[tenant], h.sequence)
	return c
}

func (h *history) Head(_ context.Context, tenant string, sequence int64) (feed.Head, error) {
	if h.gate != nil {
		<-h.gate
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		if err := h.fail(); err != nil {
			return feed.Head{}, err
		}
	}
	head := feed.Head{Epoch: feedID}
	for i, c := range h.changes[tenant] {
		if h.sequences[tenant][i] <= sequence {
			head = feed.Head{Epoch: feedID, Position: c.Position, Nonce: c.Nonce}
		}
	}
	return head, nil
}

func (h *history) After(_ context.Context, tenant string, c feed.Cursor, limit int) (feed.Page, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	if h.fail != nil {
		if err := h.fail(); err != nil {
			return feed.Page{}, err
		}
	}
	list := h.changes[tenant]
	at := c.Position
	if c.Delivered > 0 {
		at++
	}
	switch {
	case c.Epoch != feedID || at > int64(len(list)) || (at > 0 && list[at-1].Nonce != c.Nonce):
		return feed.Page{}, fmt.Errorf("fake: %w", feed.ErrDiverged)
	case c.Position < h.floor[tenant]:
		return feed.Page{}, fmt.Errorf("fake: %w", feed.ErrExpired)
	}
	rest := list[c.Position:]
	page := feed.Page{More: len(rest) > limit}
	page.Changes = slices.Clone(rest[:min(limit, len(rest))])
	return page, nil
}

// encoder writes a line for each message.
type encoder struct{ name string }

func (w encoder) Name() string { return w.name }

func (encoder) AppendEvent(b []byte, e *feed.Event) []byte {
	return fmt.Appendf(b, "event|%s|%s|%s|%s\n", e.Tenant, e.Cursor, e.Name+e.Match, e.Data)
}

func (encoder) AppendSignal(b []byte, s *signal.Signal) []byte {
	kind := map[signal.Kind]string{
		signal.Joined: "joined", signal.Left: "left", signal.Progress: "progress", signal.Reset: "reset",
		signal.Ping: "ping", signal.Expiring: "expiring", signal.Stale: "stale",
	}[s.Kind]
	detail := s.Reason
	if s.Kind == signal.Joined {
		detail = strconv.FormatUint(s.RequestID, 10)
	}
	return fmt.Appendf(b, "%s|%s|%s|%s|\n", kind, s.Tenant, s.Cursor, detail)
}

func (encoder) AppendClose(b []byte, code errcode.Code, detail string) []byte {
	return fmt.Appendf(b, "close|||%s|%s\n", code, detail)
}

// line is a message as a client reads it.
type line struct {
	kind, tenant, cursor, name, data string
}

func parse(t testing.TB, text string) (lines []line) {
	t.Helper()
	for l := range strings.Lines(text) {
		f := strings.Split(l, "|")
		if len(f) != 5 || !strings.HasSuffix(l, "\n") {
			t.Fatalf("frames interleave or are cut: %.200q", l)
		}
		lines = append(lines, line{f[0], f[1], f[2], f[3], strings.TrimSuffix(f[4], "\n")})
	}
	return lines
}

// conn is a connection that takes as many bytes as it is allowed to.
type conn struct {
	mu       sync.Mutex
	changed  sync.Cond
	allowed  int
	received bytes.Buffer
	deadline time.Time
	timer    *time.Timer
	broken   error
	hung     bool
	flushed  bool
	hangups  int
	slowOnly bool // like TLS: TryWrite takes nothing
	// queued is what the client has yet to take of what was received.
	queued int
	// gate, if not nil, is received from before each TryWrite.
	gate chan struct{}
}

const unlimited = 1 << 40

func newConn(allowed int) *conn {
	c := &conn{allowed: allowed}
	c.changed.L = &c.mu
	return c
}

func (c *conn) take(b []byte) int {
	n := min(len(b), c.allowed)
	c.allowed -= n
	c.received.Write(b[:n])
	return n
}

func (c *conn) TryWrite(b []byte) (int, error) {
	if c.gate != nil {
		<-c.gate
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hung {
		panic("write after hangup")
	}
	if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
		return 0, os.ErrDeadlineExceeded // as a net.Conn
	}
	if c.slowOnly {
		return 0, nil
	}
	return c.take(b), c.broken
}

func (c *conn) Write(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n < len(b) {
		switch {
		case c.broken != nil:
			return n, c.broken
		case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
			return n, os.ErrDeadlineExceeded
		}
		k := c.take(b[n:])
		n += k
		if k == 0 {
			c.changed.Wait()
		}
	}
	return n, nil
}

func (c *conn) SetWriteDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = at
	if c.timer != nil {
		c.timer.Stop()
	}
	if !at.IsZero() {
		c.timer = time.AfterFunc(time.Until(at), func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.changed.Broadcast()
		})
	}
	c.changed.Broadcast()
	return nil
}

func (c *conn) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queued
}

func (c *conn) Hangup(flushed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hung, c.flushed = true, flushed
	c.hangups++
	if c.timer != nil {
		c.timer.Stop()
	}
}

// allow lets n more bytes through.
func (c *conn) allow(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.allowed = min(c.allowed+n, unlimited)
	c.changed.Broadcast()
}

// stop lets nothing more through.
func (c *conn) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.allowed = 0
}

// cut breaks the connection.
func (c *conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = os.ErrClosed
	c.changed.Broadcast()
}

func (c *conn) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.received.String()
}

func (c *conn) lines(t testing.TB) []line { return parse(t, c.text()) }

// complete is what was received, without a frame that was cut.
func (c *conn) complete(t testing.TB) []line {
	text := c.text()
	return parse(t, text[:strings.LastIndexByte(text, '\n')+1])
}

func (c *conn) isHung() (hung, flushed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hung, c.flushed
}

// sequenceOf is the place in the global log of a change.
func (h *history) sequenceOf(tenant string, position int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sequences[tenant][position-1]
}
