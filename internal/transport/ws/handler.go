package ws

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	gorilla "github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"rowcast/internal/hub"
	"rowcast/internal/hub/session"
	"rowcast/internal/transport"
	"rowcast/internal/wire/socket"
	"rowcast/internal/wire/websocket"
)

// Subprotocol is the name of the wire contract.
const Subprotocol = "rowcast.v1"

// bearerPrefix marks the subprotocol that carries a token.
const bearerPrefix = "bearer."

// Options configures a Handler. Hub, which has to know Encoder, and Gate are required.
type Options struct {
	Hub *hub.Hub
	// Gate decides who comes in.
	Gate *transport.Gate
	// PingInterval and PingTimeout are sent to clients. Default: 25 s, 20 s.
	PingInterval, PingTimeout time.Duration
	// MaxMessage is the longest message of a client. Default: 64 KiB.
	MaxMessage int64
	// Rate and Burst bound the messages of a client. Default: 50/s and 300,
	// enough to join as many tenants as a connection may at once.
	Rate  rate.Limit
	Burst int
}

// Handler accepts WebSocket connections.
type Handler struct {
	opts     Options
	upgrader *websocket.Upgrader
	peers    socket.ConnGroup
}

// NewHandler checks the options.
func NewHandler(o Options) (*Handler, error) {
	if o.Hub == nil || o.Gate == nil {
		return nil, errors.New("ws: Options needs Hub and Gate")
	}
	o.PingInterval = cmp.Or(o.PingInterval, 25*time.Second)
	o.PingTimeout = cmp.Or(o.PingTimeout, 20*time.Second)
	o.MaxMessage = cmp.Or(o.MaxMessage, 64<<10)
	o.Rate = cmp.Or(o.Rate, 50)
	o.Burst = cmp.Or(o.Burst, 300)
	return &Handler{
		opts: o,
		upgrader: websocket.NewUpgrader(func(w http.ResponseWriter, status int, reason error) {
			transport.WriteProblem(w, status, transport.BadRequest, reason.Error())
		}, Subprotocol),
	}, nil
}

// Wait returns when there is no connection, or ctx has ended. The hub ends them.
func (h *Handler) Wait(ctx context.Context) error { return h.peers.Wait(ctx) }

// ServeHTTP shakes hands, and returns while the connection lives on.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	by, refused := h.admit(r)
	if refused != nil {
		if refused.Status == http.StatusUpgradeRequired {
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Connection", "Upgrade")
		}
		h.opts.Gate.Refuse(w, r, refused)
		return
	}
	if by.Refused != nil {
		h.opts.Gate.Note(r.Context(), r, by.Refused)
	}
	var conn *websocket.Conn
	client, err := h.opts.Gate.Let(h.opts.Hub, r, by, func() (peer session.Peer, err error) {
		if conn, err = h.upgrader.Upgrade(w, r); err != nil {
			h.opts.Gate.Note(r.Context(), r, &transport.Problem{Code: transport.BadRequest, About: "handshake", Cause: err})
		}
		return session.Peer{Conn: conn, Encoder: Encoder{}, PingInterval: h.opts.PingInterval}, err
	})
	if full, ok := errors.AsType[*transport.Problem](err); ok {
		h.opts.Gate.Refuse(w, r, full)
	} else if err == nil {
		h.start(conn, client)
	}
}

// admit checks a request. A refused credential that comes with it does not refuse the
// handshake. That of a subprotocol is reported by a close code, because a browser shows
// its page nothing of a refused handshake. That of a header may be meant for somebody
// else, but for one that was ours once.
func (h *Handler) admit(r *http.Request) (by transport.Credential, refused *transport.Problem) {
	if refused := h.opts.Gate.Enter(r, transport.Parameters{Names: []string{"ticket"}}); refused != nil {
		return by, refused
	}
	offer, refused := h.opts.Gate.Read(r)
	protocols := gorilla.Subprotocols(r)
	switch {
	case refused != nil:
		return by, refused
	case !gorilla.IsWebSocketUpgrade(r):
		return by, &transport.Problem{
			Status: http.StatusUpgradeRequired, Code: transport.BadRequest, About: "handshake",
			Detail: "this address speaks WebSocket only, subprotocol " + Subprotocol,
		}
	case len(protocols) > 0 && !slices.Contains(protocols, Subprotocol):
		return by, &transport.Problem{
			Status: http.StatusBadRequest, Code: transport.BadRequest, About: "subprotocol",
			Detail: "none of the offered subprotocols is known; offer " + Subprotocol + ", beside bearer.<token> if that carries the token",
		}
	}
	if token := offeredToken(protocols); token != "" {
		return h.opts.Gate.Check(r.Context(), token), nil
	}
	by = offer.Check(r.Context())
	if by.Refused == nil || by.Header && (by.Refused.Code == transport.InvalidToken || by.Refused.Code == transport.Unavailable) {
		return by, nil
	}
	return by, by.Refused
}

// offeredToken is the token among the offered subprotocols.
func offeredToken(offered []string) string {
	i := slices.IndexFunc(offered, func(p string) bool { return strings.HasPrefix(p, bearerPrefix) })
	if i < 0 {
		return ""
	}
	return offered[i][len(bearerPrefix):]
}
