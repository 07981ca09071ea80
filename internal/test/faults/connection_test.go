package faults_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
)

// connection is one connection of a client, read message by message, to the first
// of the tenants.
type connection struct {
	feed *raw.Feed
	// position and cursor are where it is.
	position int64
	cursor   string
}

// visit joins, from a cursor if it is not empty.
func (s *database) visit(t *testing.T, r *server, cursor string) *connection {
	t.Helper()
	feed, err := raw.DialFeed(t.Context(), r.url(), servetest.Token(t, tenants[0]), raw.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = feed.Close() })
	v := &connection{feed: feed}
	if err := feed.Join(tenants[0], cursor, nil); err != nil {
		t.Fatal(err)
	}
	m := v.next(t)
	if m.Type != "joined" {
		t.Fatalf("%s %s %s instead of joined", m.Type, m.Event, m.Reason)
	}
	v.position, v.cursor = m.Position, m.Cursor
	return v
}

// next is the next message that tells something of the tenant.
func (v *connection) next(t *testing.T) message {
	t.Helper()
	for {
		body, err := v.feed.Next()
		if err != nil {
			t.Fatalf("read after position %d: %v", v.position, err)
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatalf("decode %s: %v", body, err)
		}
		switch {
		case m.Type == "welcome", m.Type == "progress", m.Type == "error" && m.Code == "stale", m.Event == "dashboard:stats-updated":
		default:
			return m
		}
	}
}

// receive takes these events, each at the position after the one before, and
// answers their cursors.
func (v *connection) receive(t *testing.T, events []string) (cursors []string) {
	t.Helper()
	for _, want := range events {
		m := v.next(t)
		var row struct{ ID int64 }
		if err := json.Unmarshal(m.Data, &row); err != nil {
			t.Fatalf("%s %s after position %d; want %s", m.Type, m.Reason+m.Message, v.position, want)
		}
		if got := fmt.Sprintf("%s %d", m.Event, row.ID); got != want || m.Position != v.position+1 {
			t.Fatalf("%s at %d after position %d; want %s", got, m.Position, v.position, want)
		}
		v.position, v.cursor = m.Position, m.Cursor
		cursors = append(cursors, m.Cursor)
	}
	return cursors
}

// reset takes the order to reload, because of a history that is no more, and
// goes on from a position.
func (v *connection) reset(t *testing.T, position int64) {
	t.Helper()
	m := v.next(t)
	if m.Type != "reset" || m.Reason != "diverged" || m.Position != position {
		t.Fatalf("%s %s %s at %d after position %d; want reset diverged at %d", m.Type, m.Event, m.Reason, m.Position, v.position, position)
	}
	v.position, v.cursor = m.Position, m.Cursor
}
