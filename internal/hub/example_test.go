package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/mapping"
)

// lines encodes for connections that take lines of text.
type lines struct{}

func (lines) Name() string { return "lines" }

func (lines) AppendEvent(b []byte, e *feed.Event) []byte {
	return fmt.Appendf(b, "%d %s %s\n", e.Position, e.Name, e.Data)
}

func (lines) AppendSignal(b []byte, s *signal.Signal) []byte {
	if s.Kind == signal.Joined {
		return fmt.Appendf(b, "joined %s\n", s.Tenant)
	}
	return b
}

func (lines) AppendClose(b []byte, code errcode.Code, _ string) []byte {
	return fmt.Appendf(b, "closed: %s\n", code)
}

// screen is a connection that takes everything at once.
type screen struct{ written chan string }

func (s screen) TryWrite(b []byte) (int, error) {
	s.written <- string(b)
	return len(b), nil
}
func (s screen) Write(b []byte) (int, error)      { return s.TryWrite(b) }
func (s screen) SetWriteDeadline(time.Time) error { return nil }
func (s screen) Queued() int                      { return 0 }
func (s screen) Hangup(bool)                      { close(s.written) }

// nothing is the log of a database in which nothing has happened yet.
type nothing struct{}

func (nothing) Head(context.Context, string, int64) (feed.Head, error) { return feed.Head{}, nil }
func (nothing) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, nil
}

// A client joins a tenant, hears of a change, and is told when the server goes.
func Example() {
	h, err := hub.New(room.Options{History: nothing{}, Map: mapping.Append, Encoders: []signal.Encoder{lines{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()
	defer func() { stop(); <-ended }()
	h.Live(true)

	conn := screen{written: make(chan string, 8)}
	client, err := h.Open(session.Peer{Conn: conn})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := client.Join(session.Request{Tenant: "acme"}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(<-conn.written)

	h.Publish([]feed.Change{{
		Tenant: "acme", Table: "orders", Name: "order", Op: feed.Insert, From: 1, Position: 1,
		After: json.RawMessage(`{"id": 1}`),
	}}, 1)
	fmt.Print(<-conn.written)

	client.Close(signal.Shutdown, "")
	for text := range conn.written {
		fmt.Print(text)
	}
	// Output:
	// joined acme
	// 1 order:created {"id": 1}
	// closed: shutdown
}
