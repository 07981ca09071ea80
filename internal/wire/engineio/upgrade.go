package engineio

import (
	"errors"
	"net/http"
	"time"

	"rowcast/internal/wire/websocket"
)

// lastFrame is for a client that polls: its session is closed.
func lastFrame() []byte { return websocket.AppendClose(nil, protocolError, "") }

// reader takes what comes from a WebSocket: that of the session, or one that is
// being tried.
type reader struct {
	s    *Session
	conn *websocket.Conn
	// probed: the client has tried it.
	probed bool
}

// errOver ends reading.
var errOver = errors.New("session over")

// Message implements websocket.Handler.
func (r *reader) Message(kind websocket.Kind, message []byte) error {
	upgraded := r.s.live.Load() == r.conn
	p := packet{kind: packetMessage, binary: true, data: message}
	if kind == websocket.Text {
		var err error
		if p, err = parseText(message); err != nil {
			if upgraded {
				r.s.finish(TransportError, false, lastFrame())
			}
			return err
		}
	}
	if upgraded {
		if err := r.s.receive(p); err != nil {
			return err
		}
		if r.s.over() {
			return errOver
		}
		return nil
	}
	switch {
	case p.kind == packetPing && string(p.data) == "probe" && !r.probed:
		r.probed = true
		r.s.offer()
		if err := r.write(websocket.Seal(append(websocket.Open(nil), packetPong, 'p', 'r', 'o', 'b', 'e'), 0)); err != nil {
			return err
		}
		r.s.release(false)
		return nil
	case p.kind == packetUpgrade && r.probed:
		return r.upgrade()
	default:
		return errPacket
	}
}

// write writes to a WebSocket that the outbox does not know yet.
func (r *reader) write(b []byte) error {
	_ = r.conn.SetWriteDeadline(time.Now().Add(requestTimeout)) // a connection that refuses fails the write
	_, err := r.conn.Write(b)
	return err
}

// offer says that the client is about to hear that it may upgrade.
func (s *Session) offer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll != nil {
		s.poll.offered = true
	}
}

// upgrade makes the WebSocket that of the session, behind everything that waits
// for a poll.
func (r *reader) upgrade() error {
	s := r.s
	s.mu.Lock()
	p := s.poll
	if p.over {
		s.mu.Unlock()
		return errOver
	}
	p.switching = true // from now on nothing is put into the backlog
	waiting := p.backlog
	p.backlog = nil
	s.mu.Unlock()
	if len(waiting) > 0 {
		if err := r.write(waiting); err != nil {
			s.finish(TransportError, true, nil)
			return err
		}
	}
	_ = r.conn.SetReadDeadline(time.Time{})
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.over {
		return errOver
	}
	_ = r.conn.SetWriteDeadline(p.deadline)
	s.live.Store(r.conn)
	s.poll = nil
	p.change()
	return nil
}

// Ping implements websocket.Handler.
func (r *reader) Ping(payload string) error {
	if r.s.live.Load() != r.conn {
		return errPacket
	}
	r.s.out.Send(websocket.AppendPong(nil, payload))
	return nil
}

// Pong implements websocket.Handler.
func (r *reader) Pong() error { return nil }

// read serves a WebSocket until it ends.
func (s *Session) read(conn *websocket.Conn) {
	end, reply := conn.Read(&reader{s: s, conn: conn}, s.server.opts.MaxPayload)
	if s.live.Load() != conn { // it was only tried
		_ = conn.Close()
		return
	}
	switch end {
	case websocket.Stopped:
	case websocket.TooBig:
		s.finish(TransportError, false, websocket.AppendClose(nil, tooBig, ""))
	case websocket.Malformed:
		s.finish(TransportError, false, lastFrame())
	case websocket.Left, websocket.Lost:
		s.finish(TransportClose, true, reply)
	}
	conn.Linger()
}

// probe takes a WebSocket that is to replace polling. A second one is closed.
func (s *Session) probe(w http.ResponseWriter, r *http.Request) {
	conn, err := s.server.upgrader.Upgrade(w, r)
	if err != nil {
		return // answered
	}
	_ = conn.SetReadDeadline(time.Now().Add(s.server.opts.UpgradeTimeout)) // before giveUp, which ends it
	s.mu.Lock()
	p := s.poll
	if p == nil || p.probing || p.over {
		s.mu.Unlock()
		_, _ = conn.Write(websocket.AppendClose(nil, policy, "the session has its transport"))
		_ = conn.Close()
		return
	}
	p.probing = true
	p.giveUp = func() { _ = conn.SetReadDeadline(time.Now()) }
	s.mu.Unlock()
	s.server.running.Run(func() {
		s.read(conn)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.poll == p { // polling goes on
			p.probing, p.offered, p.released, p.giveUp = false, false, false, nil
		}
	})
}
