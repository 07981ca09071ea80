package sse

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"rowcast/internal/hub"
	"rowcast/internal/hub/session"
	"rowcast/internal/transport"
	"rowcast/internal/wire/socket"
)

const (
	// defaultPing is often enough for proxies that end silent connections.
	defaultPing = 15 * time.Second
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
	if o.Hub == nil || o.Gate == nil {
		return nil, errors.New("sse: Options needs Hub and Gate")
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
	want, refused := h.opts.Gate.ParseWant(r, id)
	if refused != nil {
		h.opts.Gate.Refuse(w, r, refused)
		return
	}
	p := new(peer)
	client, err := h.opts.Gate.Let(h.opts.Hub, r, transport.Credential{Identity: &id}, func() (session.Peer, error) {
		return session.Peer{Conn: p, Encoder: Encoder{}, Acknowledges: true, PingInterval: h.opts.PingInterval}, p.connect(w, r)
	})
	refused, isRefused := errors.AsType[*transport.Problem](err)
	switch {
	case isRefused:
		h.opts.Gate.Refuse(w, r, refused)
	case err != nil:
		h.opts.Log.DebugContext(r.Context(), "event stream did not begin", slog.Any("error", err))
	default:
		p.session = client.Session()
		if refused, ok := errors.AsType[*transport.Refusal](client.Follow(want, session.Request{Cursor: lastCursor(r, want.Query)})); ok {
			p.session.Close(refused.Code, "")
		}
		h.peers.Run(p.watch)
	}
}
