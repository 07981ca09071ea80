package signal

import (
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
)

// The codes for which the hub itself ends a session; transports have others beside
// these.
const (
	// Shutdown: the process stops; come back later.
	Shutdown errcode.Code = "shutdown"
	// SlowConsumer: the client did not follow its streams.
	SlowConsumer errcode.Code = "slow-consumer"
	// PolicyChanged: the rules need claims that were not kept.
	PolicyChanged errcode.Code = "policy-changed"
	// NoPong: nothing was heard from the client for too long.
	NoPong errcode.Code = "no-pong"
	// Gone: the connection broke, or the client left.
	Gone errcode.Code = "gone"
)

// Kind is what a Signal says.
type Kind byte

// The messages of the hub that are not events.
const (
	// Joined: the tenant is joined; its stream continues after Cursor.
	Joined Kind = iota + 1
	// Left: the tenant is no longer joined.
	Left
	// Progress: everything up to Cursor was delivered or did not concern the
	// client.
	Progress
	// Reset: the stream was interrupted and continues after Cursor.
	Reset
	// Ping: a sign of life.
	Ping
	// Expiring: the deadline of the session is near.
	Expiring
	// Stale: events are late, because the tail has not had everything for a
	// while. Progress follows when it has.
	Stale
)

// Signal is a message of the hub that is not an event.
type Signal struct {
	Kind   Kind
	Tenant string
	Cursor feed.Cursor
	// Reason is set for Reset, and for Joined if a Reset follows at once or the
	// request was to resume only, and failed.
	Reason string
	// RetryAfter, of Reset, is how long the client waits before it loads its state; events
	// go on meanwhile.
	RetryAfter time.Duration
	// Ref and Note are what the request to join carried; set for Joined. Note may be nil.
	RequestID uint64
	Note      *Note
}

// Note is what a client receives with Joined. It is not changed.
type Note struct {
	// Events are the patterns of the filter in effect, none if every event passes.
	Events []string
	// Hint is what the client should know, empty if there is nothing.
	Hint string
	// Holes says that the server may withhold events.
	Holes bool
}

// Encoder encodes for one kind of connection. It is shared by all sessions of that kind
// and must be safe for concurrent use. Each method appends complete frames, or nothing
// where the transport has no such message. Encoders are distinguished by their values,
// which can be compared.
type Encoder interface {
	// Name is that of the transport; several encoders may have the same.
	Name() string
	AppendEvent(dst []byte, e *feed.Event) []byte
	AppendSignal(dst []byte, s *Signal) []byte
	// AppendClose appends the last frame of a session.
	AppendClose(dst []byte, code errcode.Code, detail string) []byte
}

// Conn is the connection of one session. The hub calls TryWrite and Write
// never at the same time.
type Conn interface {
	// TryWrite writes as much of b as the connection takes at once. Less than
	// all of b without an error means that it would have to wait.
	TryWrite(b []byte) (n int, err error)
	// Write and SetWriteDeadline are those of net.Conn.
	Write(b []byte) (n int, err error)
	SetWriteDeadline(t time.Time) error
	// Queued is how many of the bytes that were written the client has yet to
	// take, as far as that is known. When it falls the client reads, although
	// Write may have to wait for more room.
	Queued() int
	// Hangup ends the connection. It is called once, after the last write.
	// flushed says that everything was written, the close frame included. It
	// must neither block nor call the session.
	Hangup(flushed bool)
}
