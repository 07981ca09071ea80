package engineio

import (
	"sync"
	"sync/atomic"
	"time"

	"rowcast/internal/wire/websocket"
)

// linger is how long a client that polls has to come for the last packets.
const linger = 3 * time.Second

// arrivalWait is how long what a client sent on another connection, before or
// after, may be on its way.
const arrivalWait = 100 * time.Millisecond

// Session is one client. As a connection it belongs to the Outbox: TryWrite,
// Write, SetWriteDeadline and Hangup are those of signal.Conn.
type Session struct {
	server *Server
	id     string
	out    Outbox
	// live is the WebSocket that everything is written to; nil while the client
	// polls.
	live atomic.Pointer[websocket.Conn]
	// taken: the client has taken what had to wait since the timer last went.
	taken atomic.Bool

	// in is held while the receiver has something, before mu.
	in       sync.Mutex
	receiver Receiver

	// mu guards the rest. The outbox is never called while it is held.
	mu sync.Mutex
	// poll is nil once there is a WebSocket.
	poll *poll
	// timer beats: it sends a ping, or, if awaiting, ends the session. due is
	// when, since the server began, however late it is.
	timer    *time.Timer
	due      time.Duration
	awaiting bool
	// spared: the client has got more time for this pong.
	spared bool
	// queued is how much was under way when the timer last went.
	queued int
	reason Reason
	// closing: the outbox was asked to close. left: the client will not come for what
	// is left. ended: hung up.
	closing, left, ended bool
}

// newSession makes a session, which polls unless there is a WebSocket.
func newSession(server *Server, id string, conn *websocket.Conn) *Session {
	s := &Session{server: server, id: id}
	if conn == nil {
		s.poll = &poll{}
	} else {
		s.live.Store(conn)
	}
	return s
}

// ID is the secret by which the client names the session.
func (s *Session) ID() string { return s.id }

// start begins to serve. The session may be closed already, or hung up.
func (s *Session) start(out Outbox, receiver Receiver) {
	s.mu.Lock()
	s.out, s.receiver = out, receiver
	upgrades := ""
	if s.poll != nil {
		upgrades = `"websocket"`
	}
	if s.ended {
		s.server.running.Run(s.closed)
	} else {
		s.server.add(s)
	}
	s.mu.Unlock()
	s.send(s.server.opening(s.id, upgrades))
	s.mu.Lock()
	closing := s.closing
	if !s.ended && !closing {
		s.due = time.Since(s.server.began) + s.server.opts.PingInterval
		s.timer = time.AfterFunc(s.server.opts.PingInterval, s.tick)
	}
	s.mu.Unlock()
	if closing {
		out.Close(nil)
	}
}

// send sends a packet.
func (s *Session) send(packet string) {
	s.out.Send(websocket.Seal(append(websocket.Open(nil), packet...), 0))
}

// receive does what a packet says. An error ends the session.
func (s *Session) receive(p packet) error {
	switch p.kind {
	case packetMessage:
		s.in.Lock()
		defer s.in.Unlock()
		if s.over() {
			return nil
		}
		if err := s.receiver.Message(p.binary, p.data); err != nil {
			s.finish(ParseError, true, websocket.AppendClose(nil, policy, ""))
			return err
		}
		return nil
	case packetPong:
		s.pong()
		return nil
	case packetClose:
		s.finish(TransportClose, true, nil)
		return nil
	default: // the server is the one that pings
		s.finish(TransportError, true, websocket.AppendClose(nil, protocolError, ""))
		return errPacket
	}
}

// over says that nothing more is to be received.
func (s *Session) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing || s.ended
}

// Close ends the session: what is being written is finished first. The last frame is
// for a WebSocket; a client that polls hears that it is closed.
func (s *Session) Close(last []byte) { s.finish(ForcedClose, false, last) }

// finish ends the session, once. left says that the client will not come for
// what is left.
func (s *Session) finish(reason Reason, left bool, last []byte) {
	s.mu.Lock()
	report := s.concludeLocked(reason, left, last)
	s.mu.Unlock()
	report()
}

// concludeLocked is finish; what it returns is called once the mutex is let go.
func (s *Session) concludeLocked(reason Reason, left bool, last []byte) (report func()) {
	if s.closing || s.ended {
		return func() {}
	}
	s.closing, s.left, s.reason = true, left, reason
	if out := s.out; out != nil {
		return func() { out.Close(last) }
	}
	return func() {} // start will see it
}
