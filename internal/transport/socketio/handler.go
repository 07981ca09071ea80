package socketio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"time"

	"golang.org/x/time/rate"

	"rowcast/internal/hub"
	"rowcast/internal/hub/session"
	"rowcast/internal/transport"
	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socketio"
	"rowcast/internal/wire/socketio/script"
)

// connectTimeout is how long a client has to connect to the namespace.
const connectTimeout = 10 * time.Second

// Options configures a Handler. Hub, which has to know Encoders, and Gate are required.
type Options struct {
	Hub *hub.Hub
	// Recovery says that connection state recovery is offered.
	Recovery bool
	// Gate decides who comes in.
	Gate *transport.Gate
	// PingInterval and PingTimeout are the heartbeat. Default: 25 s, 20 s.
	PingInterval, PingTimeout time.Duration
	// MaxMessage bounds what a client sends at once, in bytes. Default: 64 KiB.
	MaxMessage int64
	// Rate and Burst bound the events of a client. Default: 50/s and 300.
	Rate  rate.Limit
	Burst int
	// Log is for what only operators can act on. Default: discarded.
	Log *slog.Logger
}

// Handler accepts Socket.IO clients.
type Handler struct {
	opts    Options
	server  *socketio.Server
	scripts http.Handler
}

// NewHandler checks the options.
func NewHandler(o Options) (*Handler, error) {
	if o.Hub == nil || o.Gate == nil {
		return nil, errors.New("socketio: Options needs Hub and Gate")
	}
	o.MaxMessage = cmp.Or(o.MaxMessage, 64<<10)
	o.Rate = cmp.Or(o.Rate, 50)
	o.Burst = cmp.Or(o.Burst, 300)
	h := &Handler{opts: o, scripts: script.Handler()}
	var err error
	h.server, err = socketio.New(socketio.Options{
		Engine: engineio.Options{
			Refuse: h.refuseToken, Origin: o.Gate.Admits, PingInterval: o.PingInterval, PingTimeout: o.PingTimeout,
			MaxPayload: o.MaxMessage, Log: o.Log,
		},
		Namespaces:     map[string]socketio.Namespace{socketio.Main: namespace{h}},
		Outbox:         h.open,
		ConnectTimeout: connectTimeout,
		MaxPacket:      int(o.MaxMessage),
	})
	if err != nil {
		return nil, fmt.Errorf("make the Socket.IO server: %w", err)
	}
	return h, nil
}

// ServeHTTP takes any request of a client, and of a page for the script of one.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path.Ext(r.URL.Path) == ".js" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		h.scripts.ServeHTTP(w, r)
		return
	}
	h.server.ServeHTTP(w, r)
}

// Wait returns when there is no connection, or ctx has ended. The hub ends them.
func (h *Handler) Wait(ctx context.Context) error { return h.server.Wait(ctx) }

// refuseToken refuses a handshake whose URL carries a token.
func (h *Handler) refuseToken(r *http.Request) string {
	if _, refused := h.opts.Gate.Read(r); refused != nil {
		h.opts.Gate.Note(r.Context(), r, refused)
		return refused.Detail
	}
	return ""
}

// open opens the session of a client. It presents its credentials when it connects to
// the namespace.
func (h *Handler) open(conn *engineio.Session, r *http.Request) (engineio.Outbox, error) {
	p := &peer{h: h}
	var refused *transport.Problem
	if p.offer, refused = h.opts.Gate.Read(r); refused != nil {
		return nil, refused
	}
	p.prior = p.offer.Ticket()
	var err error
	p.client, err = h.opts.Gate.Let(h.opts.Hub, r, transport.Credential{}, func() (session.Peer, error) {
		return session.Peer{Conn: conn, Encoder: Encoder{}, Signal: p.appendSignal, ReadsNothing: true}, nil
	})
	if full, ok := errors.AsType[*transport.Problem](err); ok {
		h.opts.Gate.Note(r.Context(), r, full)
	}
	if err != nil {
		return nil, err
	}
	p.session = p.client.Session()
	return p, nil
}
