package main

import (
	"context"
	"errors"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/wire/engineio"
)

// outlet writes to clients as the product does: through the sessions of a hub,
// which has no tenants.
type outlet struct {
	hub   *hub.Hub
	stop  context.CancelFunc
	ended chan error
}

func newOutlet() (*outlet, error) {
	h, err := hub.New(room.Options{
		History: noHistory{}, Encoders: []signal.Encoder{silent{}},
		Map: func(dst []feed.Event, _ *feed.Change) []feed.Event { return dst },
	})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	o := &outlet{hub: h, stop: stop, ended: make(chan error, 1)}
	go func() { o.ended <- h.Run(ctx) }()
	return o, nil
}

// open makes what writes to a session. Its heartbeat is that of Engine.IO.
func (o *outlet) open(s *engineio.Session) (engineio.Outbox, error) {
	session, err := o.hub.Open(session.Peer{Conn: s, ReadsNothing: true, PingInterval: time.Hour})
	if err != nil {
		return nil, err
	}
	return outbox{session}, nil
}

// close ends all sessions.
func (o *outlet) close() error {
	o.stop()
	return <-o.ended
}

// outbox is an engineio.Outbox.
type outbox struct{ *session.Session }

// Close implements engineio.Outbox.
func (o outbox) Close(last []byte) { o.Session.Close(signal.Gone, "", last...) }

// silent is a wire of the hub that says nothing by itself.
type silent struct{}

func (silent) AppendEvent(dst []byte, _ *feed.Event) []byte     { return dst }
func (silent) AppendSignal(dst []byte, _ *signal.Signal) []byte { return dst }
func (silent) Name() string                                     { return "silent" }

func (silent) AppendClose(dst []byte, _ errcode.Code, _ string) []byte { return dst }

// noHistory is a log without tenants.
type noHistory struct{}

func (noHistory) Head(context.Context, string, int64) (feed.Head, error) {
	return feed.Head{}, errors.ErrUnsupported
}

func (noHistory) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, feed.ErrDiverged
}
