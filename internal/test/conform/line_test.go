package conform_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// line is a tenant of a database, followed on one wire.
type line struct {
	wire
	*servetest.Tenant
	shared *shared
}

// servers are two that speak the wire.
func (l *line) servers() [2]*servetest.Server { return l.shared.pair(l.wire) }

// Statements with one change each.
const (
	insertOrder = servetest.InsertOrder
	// raiseTotal and nextStatus change every order of the tenant.
	raiseTotal = `update orders set total = total + 1 where tenant_id = $1`
	nextStatus = servetest.NextStatus
)

// client is one that has joined.
type client struct {
	conn
	joined message
	// position and cursor are where it is.
	position int64
	cursor   string
	heard    []string
}

// join lets a client of the tenant join a server.
func (l *line) join(t *testing.T, server *servetest.Server, change ...func(q *request)) *client {
	t.Helper()
	f, err := l.tryJoin(t, server, change...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// from has a client continue from a cursor.
func from(cursor string) func(q *request) { return func(q *request) { q.cursor = cursor } }

func (l *line) tryJoin(t *testing.T, server *servetest.Server, change ...func(q *request)) (*client, error) {
	t.Helper()
	q := request{
		address: server.Address(), token: servetest.Token(t, l.ID), tenant: l.ID,
		network: new(net.Dialer).DialContext,
	}
	for _, c := range change {
		c(&q)
	}
	c, m, err := l.dial(t.Context(), q)
	if err != nil {
		return nil, fmt.Errorf("join by %s: %w", l.name, err)
	}
	t.Cleanup(c.cut)
	if m.Type != "joined" || m.TenantID != q.tenant || m.Cursor == "" {
		return nil, fmt.Errorf("the first message by %s is %+v", l.name, m)
	}
	return &client{conn: c, joined: m, position: m.Position, cursor: m.Cursor, heard: []string{m.raw}}, nil
}

// until takes messages until one is what is waited for.
func (f *client) until(t *testing.T, what string, is func(m message) bool) message {
	t.Helper()
	for {
		m, err := f.next()
		if err != nil {
			t.Fatalf("waiting for %s: %v; received at last:\n%s", what, err, f.end())
		}
		f.note(m)
		if is(m) {
			return m
		}
	}
}

// end is what it has heard at last.
func (f *client) end() string {
	var b strings.Builder
	for _, raw := range f.heard[max(0, len(f.heard)-10):] {
		fmt.Fprintf(&b, "%.300s\n", raw)
	}
	return b.String()
}

// note takes a message.
func (f *client) note(m message) {
	f.heard = append(f.heard, m.raw)
	if m.Cursor != "" {
		f.position, f.cursor = m.Position, m.Cursor
	}
}

// change is true for the events of changes, false for the one of the dashboard
// and for messages of other kinds.
func change(m message) bool { return m.Type == "event" && m.Event != "dashboard:stats-updated" }

// events are the next n events of changes.
func (f *client) events(t *testing.T, n int) (all []message) {
	t.Helper()
	for len(all) < n {
		all = append(all, f.until(t, fmt.Sprintf("event %d of %d", len(all)+1, n), change))
	}
	return all
}

// receives takes exactly these events.
func (f *client) receives(t *testing.T, want ...string) {
	t.Helper()
	if got := texts(f.events(t, len(want))); !slices.Equal(got, want) {
		t.Fatalf("received %s; want %s", got, want)
	}
}

func texts(messages []message) (all []string) {
	for _, m := range messages {
		all = append(all, m.String())
	}
	return all
}

// ends takes messages until the server ends the connection, for a reason.
func (l *line) ends(t *testing.T, f *client, code string) *ended {
	t.Helper()
	for {
		m, err := f.next()
		if err == nil {
			f.note(m)
			continue
		}
		e, ok := errors.AsType[*ended](err)
		if !ok || e.code != code && !l.mute {
			t.Fatalf("the connection ends with %v; want %s", err, code)
		}
		return e
	}
}

// history reads a page of /history, as a member of the tenant.
func (l *line) history(t *testing.T, server *servetest.Server, query url.Values) string {
	t.Helper()
	for {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Address()+"/history?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+servetest.Token(t, l.ID))
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable {
			time.Sleep(100 * time.Millisecond) // others read at the same time
			continue
		}
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("history answers %s, %v: %s", answer.Status, err, body)
		}
		return string(body)
	}
}
