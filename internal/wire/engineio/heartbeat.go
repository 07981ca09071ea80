package engineio

import (
	"time"

	"rowcast/internal/wire/websocket"
)

// tick beats, unless a pong came between the timer and here, which has set it anew.
func (s *Session) tick() {
	s.mu.Lock()
	early := time.Since(s.server.began) < s.due
	s.mu.Unlock()
	if !early {
		s.beat()
	}
}

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
	if pinged && !reads && !s.spareLocked(s.server.opts.PingTimeout/100) {
		report := s.timeOutLocked()
		s.mu.Unlock()
		report()
		return
	}
	if !pinged {
		s.spared = false
	}
	s.awaiting, s.queued = true, queued
	s.extendLocked()
	s.mu.Unlock()
	if !pinged {
		s.send(string(packetPing))
	}
}

// extendLocked gives the client time to answer: to when it was due, or half of that
// if the server is late itself.
func (s *Session) extendLocked() {
	now := time.Since(s.server.began)
	s.due = max(s.due+s.server.opts.PingTimeout, now+s.server.opts.PingTimeout/2)
	s.timer.Reset(s.due - now)
}

// spareLocked says that the server may be the one that is late, and not the client:
// something of it is still to be read, or the server did not run when the answer was
// due, but more than a moment after. That counts once for a ping, and not for a
// client that has not fetched it.
func (s *Session) spareLocked(tolerance time.Duration) bool {
	if s.spared || s.poll != nil && len(s.poll.backlog) > 0 {
		return false
	}
	conn := s.live.Load()
	s.spared = conn != nil && conn.Behind() ||
		s.poll != nil && s.poll.posting ||
		time.Since(s.server.began)-s.due > tolerance
	return s.spared
}

// timeOutLocked ends the session of a client that is gone, as concludeLocked does.
func (s *Session) timeOutLocked() (report func()) {
	return s.concludeLocked(PingTimeout, true, websocket.AppendClose(nil, goingAway, ""))
}

// expired ends a session whose client did not answer in time, also before the
// timer does. That is late then, and may be as late as the server.
func (s *Session) expired() bool {
	s.mu.Lock()
	if s.closing || s.ended || !s.awaiting || time.Since(s.server.began) < s.due || s.taken.Load() {
		defer s.mu.Unlock()
		return s.closing && s.reason == PingTimeout
	}
	if s.spareLocked(0) {
		s.extendLocked()
		s.mu.Unlock()
		return false
	}
	report := s.timeOutLocked()
	s.mu.Unlock()
	report()
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
