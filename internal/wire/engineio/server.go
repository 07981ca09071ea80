package engineio

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	gorilla "github.com/gorilla/websocket"

	"rowcast/internal/wire/socket"
	"rowcast/internal/wire/websocket"
)

// Server accepts clients. It is the handler of one path, for any method.
type Server struct {
	opts     Options
	began    time.Time
	upgrader *websocket.Upgrader
	// running counts the connections, and the sessions that end.
	running socket.ConnGroup

	mu       sync.Mutex
	sessions map[string]*Session
}

// New checks the options.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	return &Server{
		opts:     o,
		began:    time.Now(),
		sessions: make(map[string]*Session),
		upgrader: websocket.NewUpgrader(func(w http.ResponseWriter, status int, reason error) {
			writeJSON(w, status, Refused{badRequest.Code, "Bad request: " + reason.Error()})
		}),
	}, nil
}

// Refused is the body of the answer to a request that was not taken.
type Refused struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// The six refusals of Engine.IO.
//
//nolint:gochecknoglobals // a table, never written
var (
	unknownTransport   = Refused{0, "Transport unknown"}
	unknownSession     = Refused{1, "Session ID unknown"}
	badMethod          = Refused{2, "Bad handshake method"}
	badRequest         = Refused{3, "Bad request"}
	forbidden          = Refused{4, "Forbidden"}
	unsupportedVersion = Refused{5, "Unsupported protocol version"}
)

func (r Refused) write(w http.ResponseWriter) {
	status := http.StatusBadRequest
	if r.Code == forbidden.Code {
		status = http.StatusForbidden
	}
	writeJSON(w, status, r)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil { // numbers and strings always have a JSON form
		status, body = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone if this fails
}

// Wait returns when there is no connection and no session that ends, or ctx has ended.
// The owner of the sessions calls it after it has closed them.
func (s *Server) Wait(ctx context.Context) error { return s.running.Wait(ctx) }

// Sessions is how many there are.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// The values of the parameter transport.
const (
	polling      = "polling"
	webSocketing = "websocket"
)

// ServeHTTP takes a handshake, a poll, a POST or an upgrade.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	order := socket.Order(r.Context())
	query := r.URL.Query()
	transport, sid := query.Get("transport"), query.Get("sid")
	upgrade := transport == webSocketing && gorilla.IsWebSocketUpgrade(r)
	switch {
	case s.opts.Origin != nil && !s.opts.Origin(r):
		forbidden.write(w)
	case r.Method == http.MethodOptions: // what a browser asks first was answered before
		w.WriteHeader(http.StatusNoContent)
	case transport != polling && transport != webSocketing:
		unknownTransport.write(w)
	case query.Get("EIO") != "4":
		unsupportedVersion.write(w)
	case sid != "":
		s.resume(w, r, sid, transport, upgrade, order)
	case r.Method != http.MethodGet:
		badMethod.write(w)
	case (transport == webSocketing) != upgrade:
		badRequest.write(w)
	default:
		s.shakeHands(w, r, upgrade)
	}
}

// resume takes a request of a session.
func (s *Server) resume(w http.ResponseWriter, r *http.Request, sid, transport string, upgrade bool, order uint64) {
	s.mu.Lock()
	session := s.sessions[sid]
	s.mu.Unlock()
	switch {
	case session == nil || session.expired():
		unknownSession.write(w)
	case upgrade:
		session.probe(w, r)
	case transport == webSocketing || session.live.Load() != nil:
		badRequest.write(w)
	case r.Method == http.MethodGet:
		session.get(w, r, order)
	case r.Method == http.MethodPost:
		session.post(w, r)
	default:
		badMethod.write(w)
	}
}

// shakeHands makes a session.
func (s *Server) shakeHands(w http.ResponseWriter, r *http.Request, upgrade bool) {
	if s.opts.Refuse != nil {
		if why := s.opts.Refuse(r); why != "" {
			writeJSON(w, http.StatusBadRequest, Refused{badRequest.Code, why})
			return
		}
	}
	var conn *websocket.Conn
	if upgrade {
		var err error
		if conn, err = s.upgrader.Upgrade(w, r); err != nil {
			return // answered
		}
	}
	session := newSession(s, rand.Text(), conn)
	out, receiver, err := s.opts.Open(session, r)
	if err != nil {
		if conn == nil {
			w.Header().Set("Retry-After", "1")
			writeJSON(w, http.StatusServiceUnavailable, Refused{badRequest.Code, "unavailable: " + err.Error()})
			return
		}
		refuseConn(conn)
		return
	}
	session.start(out, receiver)
	if conn != nil {
		s.running.Run(func() { session.read(conn) })
		return
	}
	session.get(w, r, 0)
}

// opening is the first packet of a session.
func (s *Server) opening(sid string, upgrades string) string {
	return fmt.Sprintf(`%c{"sid":%q,"upgrades":[%s],"pingInterval":%d,"pingTimeout":%d,"maxPayload":%d}`,
		packetOpen, sid, upgrades, s.opts.PingInterval.Milliseconds(), s.opts.PingTimeout.Milliseconds(), s.opts.MaxPayload)
}

func (s *Server) add(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[session.id] = session
}

func (s *Server) remove(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session.id)
}
