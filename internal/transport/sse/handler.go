package sse

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"rowcast/internal/auth"
	"rowcast/internal/hub"
	"rowcast/internal/socket"
	"rowcast/internal/transport"
)

const (
	// defaultPing is often enough for proxies that end silent connections.
	defaultPing = 15 * time.Second
	// ackTimeout is how long what was written may stay without an answer of the
	// kernel of a client: of the client itself nothing is ever heard.
	ackTimeout = 30 * time.Second
	// retry is after how long a client that lost its connection comes back.
	retry = 2 * time.Second
)

// Options configures a Handler. Hub, which has to know Encoder, and Gate are required.
type Options struct {
	Hub  *hub.Hub
	Gate *transport.Gate
	// PingInterval is the time between two comments. Default: 15 s.
	PingInterval time.Duration
	// Log is for what only operators can act on. Default: discarded.
	Log *slog.Logger
}

// Handler serves event streams.
type Handler struct {
	opts  Options
	peers socket.ConnGroup
}

// NewHandler checks the options.
func NewHandler(o Options) (*Handler, error) {
	if o.Hub == nil || o.Gate == nil || !o.Gate.Complete() {
		return nil, errors.New("sse: Options needs Hub and a complete Gate")
	}
	o.PingInterval = cmp.Or(o.PingInterval, defaultPing)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Handler{opts: o}, nil
}

// Wait returns when there is no connection, or ctx has ended. The hub ends them.
func (h *Handler) Wait(ctx context.Context) error { return h.peers.Wait(ctx) }

// ServeHTTP begins a stream, and returns while it lives on.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, refused := h.opts.Gate.Admit(r, parameters())
	if refused != nil {
		h.opts.Gate.Refuse(w, r, refused)
		return
	}
	want, refused := transport.ParseWant(r, id, h.opts.Gate.Rules)
	if refused != nil {
		h.opts.Gate.Refuse(w, r, refused)
		return
	}
	slot, refused := h.opts.Gate.Rules.Slot(r)
	if refused != nil {
		h.opts.Gate.Refuse(w, r, refused)
		return
	}
	conn, refused := takeOver(w, r)
	if refused != nil {
		slot.Leave()
		h.opts.Gate.Refuse(w, r, refused)
		return
	}
	if err := begin(conn, w.Header()); err != nil {
		slot.Leave()
		h.opts.Log.DebugContext(r.Context(), "event stream did not begin", slog.Any("error", err))
		_ = conn.Close()
		return
	}
	h.start(conn, slot, id, want, lastCursor(r, want.Query))
}

// start opens a session for a connection that has got the head of its answer.
func (h *Handler) start(conn net.Conn, slot *transport.Slot, id auth.Identity, want transport.Want, cursor string) {
	p := &peer{Socket: socket.New(conn)}
	p.GiveUpAfter(ackTimeout)
	var (
		client *transport.Client
		err    error
	)
	p.session, client, err = h.opts.Gate.Open(h.opts.Hub, hub.SessionOptions{
		Conn: p, Encoder: Encoder{}, ReadsNothing: true, PingInterval: h.opts.PingInterval,
	}, slot)
	if err != nil {
		transport.TurnAway(conn, Encoder{})
		return
	}
	if err = client.Adopt(id); err == nil {
		err = client.Follow(want, hub.Request{Cursor: cursor})
	}
	if refused, ok := errors.AsType[*transport.Refusal](err); ok {
		p.session.Close(refused.Code, "")
	}
	h.peers.Run(p.watch)
}
