package conform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"rowcast/internal/test/raw"
)

// wire is a way to follow the feed.
type wire struct {
	name string
	// settings are those of a server that speaks it, beside the usual.
	settings []string
	// dial connects and joins; the answer is the first message. A *refusal is
	// an error that the server gave.
	dial func(ctx context.Context, q request) (conn, message, error)
	// mute: it does not say why a connection ends.
	mute bool
}

// wires are all there are.
var wires = []wire{
	{name: "ws", dial: dialNative},
	{name: "sse", dial: dialStream},
	{name: "socket.io on websocket", dial: dialSocketIO(dialWebSocket)},
	{name: "socket.io on polling", dial: dialSocketIO(dialPolling), mute: true},
	{name: "socket.io on websocket, recovery on", dial: dialSocketIO(dialWebSocket), settings: recovery},
	{name: "socket.io on polling, recovery on", dial: dialSocketIO(dialPolling), settings: recovery, mute: true},
}

// recoveries continue in a way that takes no filter, and knows no reset but to
// begin anew.
var recoveries = []wire{
	{name: "recovery on websocket", dial: dialRecovery(dialWebSocket), settings: recovery},
	{name: "recovery on polling", dial: dialRecovery(dialPolling), settings: recovery, mute: true},
}

var recovery = []string{"ROWCAST_SOCKETIO_RECOVERY=on"}

// request is what a client asks for.
type request struct {
	// address is host and port of the server.
	address, token, tenant, cursor string
	events                         []string
	// where, if not nil, is the filter of rows.
	where json.RawMessage
	// network makes its connections.
	network raw.DialFunc
}

// conn is a connection that has joined a tenant. One goroutine uses it.
type conn interface {
	// next is the next message. An *ended is an error that the server meant.
	next() (message, error)
	// cut breaks the connection off. It may be called again.
	cut()
}

// message is what a client is told.
type message struct {
	// Type is joined, event, progress, reset or stale; anything else has no
	// meaning on every wire.
	Type                            string
	Event, TenantID, Cursor, Reason string
	From, Position                  int64
	Data                            json.RawMessage
	Source                          struct{ Tx string }
	// Match is entered or left.
	Match string
	// Changed and Previous are of updates.
	Changed  []string
	Previous json.RawMessage
	// raw is everything that arrived for it.
	raw string
}

// String is the event and its position.
func (m message) String() string {
	switch {
	case m.Type != "event":
		return fmt.Sprintf("%s %s@%d", m.Type, m.Reason, m.Position)
	case m.From > 0:
		return fmt.Sprintf("%s@%d-%d", m.Event, m.From, m.Position)
	default:
		return fmt.Sprintf("%s@%d", m.Event, m.Position)
	}
}

// ended is how a server ends a connection from which the client comes back by
// itself.
type ended struct {
	// code is the reason, "" if the wire is mute.
	code string
	// hint is when to come back, 0 if the wire does not say.
	hint time.Duration
}

func (e *ended) Error() string { return fmt.Sprintf("ended: %s, come back in %s", e.code, e.hint) }

// refusal is how a server refuses to let a client join.
type refusal struct{ code string }

func (r *refusal) Error() string { return "refused: " + r.code }

// onEvery runs a test once for each wire.
func onEvery(t *testing.T, s *shared, wires []wire, test func(t *testing.T, l *line)) {
	t.Helper()
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			test(t, &line{wire: w, shared: s, Tenant: s.NewTenant(t)})
		})
	}
}
