package engineio

import (
	"net"
	"os"
	"time"

	"rowcast/internal/wire/websocket"
)

// TryWrite takes what the client has room for at once.
func (s *Session) TryWrite(b []byte) (int, error) {
	if conn := s.live.Load(); conn != nil {
		return conn.TryWrite(b)
	}
	s.mu.Lock()
	if s.poll != nil {
		defer s.mu.Unlock()
		if s.poll.switching {
			return 0, nil
		}
		n := s.poll.put(b)
		s.poll.change()
		return n, nil
	}
	s.mu.Unlock()
	if conn := s.live.Load(); conn != nil { // upgraded meanwhile
		return conn.TryWrite(b)
	}
	return 0, net.ErrClosed
}

// Write takes all of b, waiting for room until the deadline.
func (s *Session) Write(b []byte) (n int, err error) {
	for n < len(b) {
		if conn := s.live.Load(); conn != nil {
			m, err := conn.Write(b[n:])
			if m > 0 {
				s.taken.Store(true)
			}
			return n + m, err
		}
		s.mu.Lock()
		p := s.poll
		if p == nil || s.ended {
			s.mu.Unlock()
			if s.live.Load() != nil {
				continue
			}
			return n, net.ErrClosed
		}
		if !p.switching {
			if m := p.put(b[n:]); m > 0 {
				n += m
				p.change()
				s.mu.Unlock()
				continue
			}
		}
		changed, deadline := p.changes(), p.deadline
		s.mu.Unlock()
		if !await(changed, deadline) {
			return n, os.ErrDeadlineExceeded
		}
	}
	return n, nil
}

// await waits for a change; false if the deadline passes before.
func await(changed <-chan struct{}, deadline time.Time) bool {
	if deadline.IsZero() {
		<-changed
		return true
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-changed:
		return true
	case <-timer.C:
		return false
	}
}

// SetWriteDeadline bounds how long Write waits, also one that is waiting.
func (s *Session) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll == nil {
		if conn := s.live.Load(); conn != nil {
			return conn.SetWriteDeadline(t)
		}
		return nil
	}
	s.poll.deadline = t
	s.poll.change()
	return nil
}

// Queued is how much the client has yet to take: what waits for a poll, or what
// the WebSocket says.
func (s *Session) Queued() int {
	if conn := s.live.Load(); conn != nil {
		return conn.Queued()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll != nil {
		return len(s.poll.backlog)
	}
	return 0
}

// Hangup ends the session as a connection.
func (s *Session) Hangup(flushed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	if s.reason == "" {
		s.reason = ForcedClose
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.poll == nil {
		s.live.Load().Hangup(flushed)
		s.server.remove(s)
	} else if s.poll.hangup(flushed && !s.left) {
		s.server.remove(s)
	} else {
		s.server.running.Run(s.lingering(s.poll.flushed, s.poll.waitTime()))
	}
	if s.receiver != nil { // else start will see it
		s.server.running.Run(s.closed)
	}
}

// lingering waits for the client to fetch what is left.
func (s *Session) lingering(flushed <-chan struct{}, wait time.Duration) func() {
	return func() {
		await(flushed, time.Now().Add(wait))
		s.server.remove(s)
	}
}

// closed calls the receiver.
func (s *Session) closed() {
	s.in.Lock()
	defer s.in.Unlock()
	s.receiver.Closed(s.reason)
}

// Close codes of RFC 6455.
const (
	goingAway     = 1001
	protocolError = 1002
	tooBig        = 1009
	policy        = 1008
	tryAgain      = 1013
)

// refuseConn closes a connection that has no session.
func refuseConn(conn *websocket.Conn) {
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write(websocket.AppendClose(nil, tryAgain, "try again in a moment"))
	_ = conn.Close()
}
