package engineio

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Options configures a Server. Open is required.
type Options struct {
	// Open is called for each new session, before anything is sent. It gives
	// what writes to the session and who gets its messages. An error refuses
	// the client for now. The request is the handshake.
	Open func(s *Session, r *http.Request) (Outbox, Receiver, error)
	// Refuse, if not nil, looks at every handshake; a text that is not empty
	// refuses it as a bad request.
	Refuse func(r *http.Request) string
	// Origin says whether the page that sent a request may connect. Nil: every
	// page may.
	Origin func(r *http.Request) bool
	// PingInterval and PingTimeout are the heartbeat. Default: 25 s and 20 s.
	PingInterval, PingTimeout time.Duration
	// UpgradeTimeout is how long a client has to finish an upgrade. Default: 10 s.
	UpgradeTimeout time.Duration
	// MaxPayload bounds what a client sends at once, in bytes. Default: 1,000,000.
	MaxPayload int64
	// Log is for what only operators can act on. Default: discarded.
	Log *slog.Logger
}

// Outbox writes to a session. It is safe for concurrent use and never waits for
// the client. *session.Session is one, less the name of a method.
type Outbox interface {
	// Send writes complete frames, in order.
	Send(frames []byte)
	// Close finishes what is being written, writes the last frame and hangs up.
	// Later calls have no effect.
	Close(last []byte)
}

// Receiver gets what a client sends. Its methods are never called at the same
// time.
type Receiver interface {
	// Message gets a message, which it may keep. An error closes the session.
	Message(binary bool, data []byte) error
	// Closed is the last call, when nothing will be written any more.
	Closed(reason Reason)
}

// Reason says why a session ended, in the words of Socket.IO.
type Reason string

// The reasons.
const (
	// TransportClose: the client closed, or the connection was cut.
	TransportClose Reason = "transport close"
	// TransportError: the connection broke, or the client broke the rules.
	TransportError Reason = "transport error"
	// PingTimeout: the client did not answer in time.
	PingTimeout Reason = "ping timeout"
	// ParseError: the Receiver refused a message.
	ParseError Reason = "parse error"
	// ForcedClose: the server closed.
	ForcedClose Reason = "forced close"
)

func (o *Options) complete() error {
	if o.Open == nil {
		return errors.New("engineio: Options.Open is missing")
	}
	o.PingInterval = cmp.Or(o.PingInterval, 25*time.Second)
	o.PingTimeout = cmp.Or(o.PingTimeout, 20*time.Second)
	o.UpgradeTimeout = cmp.Or(o.UpgradeTimeout, 10*time.Second)
	o.MaxPayload = cmp.Or(o.MaxPayload, 1_000_000)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
