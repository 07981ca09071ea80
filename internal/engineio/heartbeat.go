package engineio

import (
	"time"

	"rowcast/internal/websocket"
)

// beat sends a ping, or ends the session if the last one was not answered. The
// ping may still be behind what a slow client reads: then it has more time.
func (s *Session) beat() {
	queued := s.Queued()
	s.mu.Lock()
	if s.closing || s.ended {
		s.mu.Unlock()
		return
	}
	pinged, taken := s.awaiting, s.taken.Swap(false)
	reads := queued > 0 && (taken || queued < s.queued)
	if pinged && !reads {
		tell := s.timeOut()
		s.mu.Unlock()
		tell()
		return
	}
	s.awaiting, s.queued = true, queued
	s.extend()
	s.mu.Unlock()
	if !pinged {
		s.send(string(packetPing))
	}
}

// extend gives the client time to answer: to when it was due, or half of that
// if the server is late itself. s.mu held.
func (s *Session) extend() {
	now := time.Since(s.server.began)
	s.due = max(s.due+s.server.opts.PingTimeout, now+s.server.opts.PingTimeout/2)
	s.timer.Reset(s.due - now)
}

// timeOut ends the session of a client that is gone. s.mu held, as in conclude.
func (s *Session) timeOut() (tell func()) {
	return s.conclude(PingTimeout, true, websocket.AppendClose(nil, goingAway, ""))
}

// expired ends a session whose client did not answer in time, also before the
// timer does.
func (s *Session) expired() bool {
	s.mu.Lock()
	if s.closing || s.ended || !s.awaiting || time.Since(s.server.began) < s.due || s.taken.Load() {
		defer s.mu.Unlock()
		return s.closing && s.reason == PingTimeout
	}
	tell := s.timeOut()
	s.mu.Unlock()
	tell()
	return true
}

// pong notes the answer to a ping.
func (s *Session) pong() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.awaiting && !s.closing && !s.ended {
		s.awaiting = false
		s.due = time.Since(s.server.began) + s.server.opts.PingInterval
		s.timer.Reset(s.server.opts.PingInterval)
	}
}
