package servetest

import (
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
)

// Outbox is a session of a hub, as in the product.
type Outbox struct {
	*session.Session
	// Before, if not nil, is called before frames are sent.
	Before func(frames []byte)
}

// Outbox opens a session whose heartbeat is that of the protocol below.
func (b *Bundle) Outbox(conn signal.Conn) (Outbox, error) {
	s, err := b.Hub.Open(session.Peer{Conn: conn, ReadsNothing: true, PingInterval: time.Hour})
	return Outbox{Session: s}, err
}

// Send implements engineio.Outbox.
func (o Outbox) Send(frames []byte) {
	if o.Before != nil {
		o.Before(frames)
	}
	o.Session.Send(frames)
}

// Close implements engineio.Outbox.
func (o Outbox) Close(last []byte) { o.Session.Close(signal.Gone, "", last...) }

// Silent is a wire without messages of its own.
type Silent struct{}

// Name implements signal.Encoder.
func (Silent) Name() string { return "silent" }

// AppendEvent implements signal.Encoder.
func (Silent) AppendEvent(b []byte, _ *feed.Event) []byte { return b }

// AppendSignal implements signal.Encoder.
func (Silent) AppendSignal(b []byte, _ *signal.Signal) []byte { return b }

// AppendClose implements signal.Encoder.
func (Silent) AppendClose(b []byte, _ errcode.Code, _ string) []byte { return b }
